"""The app's front door: an ASGI layer that answers only this machine's names, and forbids frames on every answer.

Without it any web page could reach an app on 127.0.0.1 by giving its own host name that address (DNS rebinding):
host and origin of its requests then agree, so Streamlit's check of the origin passes. Here the host must be a known
name, and the origin, where a request has one, must be that host with its port: a refused request never comes to
Streamlit, which would look up this machine's public address on the network to judge a foreign origin.

Sources: RFC 9110, 7.2 (Host); RFC 6454 (Origin); ASGI's extension "websocket.http.response".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from data.errors import UserError

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

OWN_NAMES = ("localhost", "127.0.0.1", "::1")
NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
# Frames are forbidden, and whatever a page shows can load nothing from elsewhere and send nothing there.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
REFUSED_HOST = (
    "This app answers to the names of its own machine only. Start it with --host-name NAME to add one."
)
READ_ONLY = "This app is read-only: it takes no uploads."
REFUSED_ORIGIN = "This app takes no requests from other sites: open its own address."


def host_name(text: str) -> str:
    """A name or an IP address as `Gate` compares it; anything else raises a `UserError`."""
    name = text.strip().lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if not NAME.fullmatch(name):
        raise UserError(
            f'"{text}" is no host name: expected one such as lab.example.org, without a scheme or a port'
        )
    return name


class Gate:
    """Wraps an ASGI application: `Gate(app, hosts=("lab.example.org",))` adds a name to OWN_NAMES.

    uploads: whether anything may be sent beside a page's own websocket.
    """

    def __init__(self, app: Application, hosts: Iterable[str] = (), uploads: bool = True) -> None:
        self.app, self.uploads = app, uploads
        self.hosts = frozenset((*OWN_NAMES, *map(host_name, hosts)))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refused = self.refusal(scope["headers"])
        if refused is None and not self.uploads and scope.get("method", "GET") not in ("GET", "HEAD"):
            refused = 405, READ_ONLY
        if refused is not None:
            await _refuse(scope, receive, send, *refused)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _protected(message.get("headers", ()))
            await send(message)

        await self.app(scope, receive, guarded)

    def refusal(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, str] | None:
        """(status, sentence) for a request with these headers; None if it may pass."""
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or _name_in(hosts[0]) not in self.hosts:
            return 400, REFUSED_HOST
        if any(origin.split("://")[1:] != [hosts[0]] for origin in origins):
            return 403, REFUSED_ORIGIN
        return None


def _name_in(host: str) -> str | None:
    """The name of a Host header, without its port; None for what is no host."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # checks it
    except ValueError:
        return None
    if parts.netloc != host or "@" in host or any(letter.isspace() for letter in host):
        return None
    return (parts.hostname or "").rstrip(".")


def _protected(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = {name for name, _ in HEADERS}
    return [header for header in headers if header[0].lower() not in own] + list(HEADERS)


async def _refuse(scope: Message, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer with the sentence; a server that cannot answer a handshake so closes it, which is a 403 too."""
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = "websocket.http.response"
    body = f"{sentence}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": _protected(headers)})
    await send({"type": f"{kind}.body", "body": body})
