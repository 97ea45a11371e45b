"""A chat model at an OpenAI-compatible address: messages in, one reply out.

    POST {url}/chat/completions    {"model": ..., "messages": [{"role": ..., "content": ...}], "temperature": 0}

The key comes from the environment variable KEY and goes into the header of requests to one server and nowhere
else: the one of KEY_URL (scheme, host and port), which is set where the process is started, so that no typed or
remembered address can have the key. No error repeats it, and an address that contains credentials is refused. Every
failure is a `UserError` of one sentence.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.errors import UserError
from data.permissions import require

if TYPE_CHECKING:
    import httpx

KEY, KEY_URL = "WORKBENCH_API_KEY", "WORKBENCH_API_URL"
BUSY = {429, 500, 502, 503, 504}
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")  # reached without a proxy
LONGEST_WAIT = 20.0  # seconds, whatever the server asks for

Message = Mapping[str, str]


@dataclass(frozen=True)
class ChatModel:
    """A model and its server.

    url: the part before /chat/completions, such as http://127.0.0.1:8000/v1; timeout: seconds for a reply; tries:
    requests to a busy server, at most; pause: seconds before the second request, doubled for each further one.
    """

    url: str
    model: str
    timeout: float = 90.0
    tries: int = 3
    pause: float = 1.0

    def __post_init__(self) -> None:
        check_address(self.url)
        if not self.model.strip():
            raise UserError("no model is named: expected the name by which the server knows it")

    @property
    def endpoint(self) -> str:
        url = self.url.strip().rstrip("/")
        return url if url.endswith("/chat/completions") else f"{url}/chat/completions"

    def reply(self, messages: Sequence[Message]) -> str:
        """The text of the model's reply to `messages`; a `UserError` where there is none."""
        body: dict[str, Any] = {"model": self.model.strip(), "messages": list(messages), "temperature": 0}
        response = self._post(body)
        # some models accept only their default temperature
        if response.status_code == 400 and "temperature" in response.text:
            response = self._post({name: value for name, value in body.items() if name != "temperature"})
        if response.status_code != 200:
            raise UserError(self._refusal(response))
        try:
            choice = response.json()["choices"][0]
            message = choice["message"]
            if message.get("refusal") or choice.get("finish_reason") == "content_filter":
                raise UserError(
                    f"{self.model} refuses to answer: {_short(message.get('refusal') or 'content filter')}"
                )
            if choice.get("finish_reason") == "length":
                raise UserError(f"{self.model} was cut off before its reply ended: allow it longer replies")
            content = message["content"]
            if not isinstance(content, str):
                raise TypeError
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{self.endpoint} answers, but not as a chat completion: {_short(response.text)}"
            ) from None
        return content

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        import httpx

        require("ask models")
        response: httpx.Response | None = None
        for attempt in range(self.tries):
            try:
                response = httpx.post(
                    self.endpoint,
                    json=body,
                    headers=_headers(self.endpoint),
                    timeout=self.timeout,
                    trust_env=urlsplit(self.endpoint).hostname not in LOCAL_HOSTS,
                )
            except httpx.TimeoutException:
                raise UserError(
                    f"{self.endpoint} gave no reply within {self.timeout:g} seconds: try again, or a faster model"
                ) from None
            except (httpx.UnsupportedProtocol, httpx.InvalidURL):
                raise UserError(f"{self.endpoint} is no address of a server") from None
            except httpx.HTTPError as error:
                raise UserError(
                    f"{self.endpoint} cannot be reached ({type(error).__name__}): is the server running, "
                    "the address right, and the network there?"
                ) from None
            if response.status_code not in BUSY or attempt + 1 == self.tries:
                break
            time.sleep(_wait(response.headers.get("retry-after"), self.pause * 2**attempt))
        assert response is not None  # tries is at least 1
        return response

    def _refusal(self, response: httpx.Response) -> str:
        """The error of a status other than 200, without the key and without the server's words about it."""
        status = response.status_code
        if status in (401, 403):
            if os.environ.get(KEY) and not key_goes_to(self.endpoint):
                return (
                    f"{self.endpoint} refuses the request (status {status}), and got no key: {KEY} goes only "
                    f"to the server that is named at the start, by --model-url (app), --url (shell) or {KEY_URL}"
                )
            advice = f"check {KEY}" if os.environ.get(KEY) else f"set the environment variable {KEY}"
            return (
                f"{self.endpoint} refuses the key (status {status}): {advice}, and start the workbench again"
            )
        if status in BUSY:
            return f"{self.endpoint} is too busy or broken (status {status}, {self.tries} times): try again later"
        if 300 <= status < 400:
            return f"{self.endpoint} has moved (status {status}): give the address that it has moved to"
        text = _short(response.text)
        return f"{self.endpoint} does not answer for model {self.model} (status {status}): {text}"


def check_address(url: str) -> None:
    """A `UserError` for what is no http address, and for one that contains credentials or a query string."""
    try:
        parts = urlsplit(url.strip())
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        known = False
    if not known:
        raise UserError(f'"{url}" is no address: expected something like http://127.0.0.1:8000/v1')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UserError(
            f"the address of {parts.hostname} holds more than a place: a key belongs into the environment "
            f"variable {KEY}, and nothing after a question mark is kept"
        )


def bind_key(url: str) -> None:
    """Let the key go to the server of this address, which the user gave with the command, and to no other."""
    check_address(url)
    os.environ[KEY_URL] = url


def key_goes_to(url: str) -> bool:
    """Whether there is a key, and it is for the server of this address."""
    server = _server(os.environ.get(KEY_URL, ""))
    return bool(os.environ.get(KEY)) and server is not None and _server(url) == server


def _server(url: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an address; None where it is no http address."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _headers(endpoint: str) -> dict[str, str]:
    key = os.environ.get(KEY, "").strip() if key_goes_to(endpoint) else ""
    if not all(" " < letter <= "~" for letter in key):
        raise UserError(f"{KEY} holds letters that no key has: expected printable ASCII without spaces")
    return {"authorization": f"Bearer {key}"} if key else {}


def _wait(retry_after: str | None, default: float) -> float:
    """Seconds until the next try: the server's retry-after, LONGEST_WAIT at most."""
    try:
        return min(max(float(retry_after or default), 0.0), LONGEST_WAIT)
    except ValueError:
        return default


def _short(text: str) -> str:
    """The beginning of a server's text, on one line, without the key."""
    key = os.environ.get(KEY, "").strip()
    line = " ".join(str(text).split())
    line = line.replace(key, "…") if key else line
    return (line if len(line) <= 160 else line[:159] + "…") or "nothing"
