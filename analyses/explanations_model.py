"""A language model of the reader's own, behind an OpenAI-compatible address: messages in, one reply out.

    POST {url}/chat/completions    {"model": ..., "messages": [{"role": ..., "content": ...}], "temperature": 0}

The key comes from the environment variable KEY and goes into the request's header and nowhere else: no error
repeats it, and an address that holds credentials is refused. Whatever goes wrong is one sentence.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from data.errors import UserError

if TYPE_CHECKING:
    import httpx

KEY = "WORKBENCH_API_KEY"
BUSY = {429, 500, 502, 503, 504}
HERE = ("127.0.0.1", "localhost", "::1")  # what is on this machine goes past every proxy
LONGEST_WAIT = 20.0  # seconds, whatever the server asks for

Message = Mapping[str, str]


@dataclass(frozen=True)
class ChatModel:
    """Where a model is and what it is called there.

    url: what stands before /chat/completions, such as http://127.0.0.1:8000/v1; timeout: seconds a reply may take;
    tries, pause: how often a server that is busy is asked, and the seconds before the second time.
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
        """The text of the model's reply; a `UserError` where there is none."""
        body: dict[str, Any] = {"model": self.model.strip(), "messages": list(messages), "temperature": 0}
        answer = self._post(body)
        if answer.status_code == 400 and "temperature" in answer.text:  # some models know only their own
            answer = self._post({name: value for name, value in body.items() if name != "temperature"})
        if answer.status_code != 200:
            raise UserError(self._refusal(answer))
        try:
            choice = answer.json()["choices"][0]
            said = choice["message"]
            if said.get("refusal") or choice.get("finish_reason") == "content_filter":
                raise UserError(
                    f"{self.model} refuses to answer: {_short(said.get('refusal') or 'content filter')}"
                )
            if choice.get("finish_reason") == "length":
                raise UserError(f"{self.model} was cut off before its reply ended: allow it longer replies")
            content = said["content"]
            if not isinstance(content, str):
                raise TypeError
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{self.endpoint} answers, but not as a chat completion: {_short(answer.text)}"
            ) from None
        return content

    def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        import httpx

        answer: httpx.Response | None = None
        for attempt in range(self.tries):
            try:
                answer = httpx.post(
                    self.endpoint, json=body, headers=_headers(), timeout=self.timeout,
                    trust_env=urlsplit(self.endpoint).hostname not in HERE,
                )  # fmt: skip
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
            if answer.status_code not in BUSY or attempt + 1 == self.tries:
                break
            time.sleep(_wait(answer.headers.get("retry-after"), self.pause * 2**attempt))
        assert answer is not None  # tries is at least 1
        return answer

    def _refusal(self, answer: httpx.Response) -> str:
        """What a status other than 200 says; a refused key is not repeated, nor what the server says of it."""
        status = answer.status_code
        if status in (401, 403):
            asked = f"set the environment variable {KEY}" if not os.environ.get(KEY) else f"check {KEY}"
            return (
                f"{self.endpoint} refuses the key (status {status}): {asked}, and start the workbench again"
            )
        if status in BUSY:
            return f"{self.endpoint} is too busy or broken (status {status}, {self.tries} times): try again later"
        if 300 <= status < 400:
            return f"{self.endpoint} has moved (status {status}): give the address that it has moved to"
        return (
            f"{self.endpoint} does not answer for model {self.model} (status {status}): {_short(answer.text)}"
        )


def check_address(url: str) -> None:
    """Refuse what is no http address, and one that would keep a secret in plain sight."""
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


def _headers() -> dict[str, str]:
    key = os.environ.get(KEY, "").strip()
    if not all(" " < letter <= "~" for letter in key):
        raise UserError(f"{KEY} holds letters that no key has: expected printable ASCII without spaces")
    return {"authorization": f"Bearer {key}"} if key else {}


def _wait(asked: str | None, usual: float) -> float:
    """Seconds until the next try: what the server asks for, within reason."""
    try:
        return min(max(float(asked or usual), 0.0), LONGEST_WAIT)
    except ValueError:
        return usual


def _short(text: str) -> str:
    """The beginning of what a server said, on one line, without the key."""
    key = os.environ.get(KEY, "").strip()
    line = " ".join(str(text).split())
    line = line.replace(key, "…") if key else line
    return (line if len(line) <= 160 else line[:159] + "…") or "nothing"
