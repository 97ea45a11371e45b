"""The script that keeps the browser's history, put into the page that Streamlit serves.

A component's script comes after the first addresses are written; this one stands in the HTML.
"""

from __future__ import annotations

from workbench import ASSETS
from workbench.page import links
from workbench.page.sharing.gate import Application, Message, Receive, Send

SCRIPT = (ASSETS / "history.js").read_text(encoding="utf-8").replace("FORMER", "|".join(links.FORMER))
OWN = (b"content-length", b"etag", b"last-modified")  # headers of the file without the script


class History:
    """An ASGI layer: every HTML page begins with SCRIPT."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def with_script(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif not start:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = body.replace(b"<head>", f"<head><script>{SCRIPT}</script>".encode(), 1)
                    headers = [header for header in start["headers"] if header[0].lower() not in OWN]
                    headers.append((b"content-length", str(len(whole)).encode()))
                    await send({**start, "headers": headers})
                    await send({"type": "http.response.body", "body": whole})

        plain = [header for header in scope["headers"] if header[0] not in _ASKS]
        await self.app({**scope, "headers": plain} if _wants_html(scope) else scope, receive, with_script)


_ASKS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")


def _wants_html(scope: Message) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_html(message: Message) -> bool:
    headers = {name.lower(): value for name, value in message["headers"]}
    plain = b"content-encoding" not in headers and message["status"] == 200
    return plain and headers.get(b"content-type", b"").startswith(b"text/html")
