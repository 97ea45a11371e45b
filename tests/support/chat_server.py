"""A server that speaks the chat-completions protocol on 127.0.0.1 and answers by a rule, for tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Mapping[str, str], str]  # status, headers, body
Rule = Callable[[Mapping[str, Any]], Answer]


@dataclass
class ChatServer:
    """Its address, and what it was asked: the requests' bodies and headers, in order."""

    url: str
    bodies: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def chat_server(rule: Rule) -> Iterator[ChatServer]:
    """Run it while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.bodies.append(body)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            found = self.path == "/v1/chat/completions"
            status, headers, text = rule(body) if found else (404, {}, '{"error": "no such path"}')
            data = text.encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = ChatServer(f"http://127.0.0.1:{listening.server_port}/v1")
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()


def completion(content: object, **message: object) -> Answer:
    """A chat completion whose reply is `content`, as text or as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": "stop",
    }
    return 200, {}, json.dumps({"object": "chat.completion", "choices": [choice]})


def asked(body: Mapping[str, Any]) -> Any:
    """What the last question of a request holds, as the JSON that it is."""
    return json.loads(body["messages"][1]["content"])


def reader(explain: Callable[[list[str]], str], fires: Callable[[str, str], bool]) -> Rule:
    """A model that explains marked excerpts by `explain`, and says of (explanation, text) whether it fires."""

    def answer(body: Mapping[str, Any]) -> Answer:
        question = asked(body)
        if "explanation" not in question:
            return completion({"explanation": explain(question["excerpts"])})
        texts = [excerpt["text"] for excerpt in question["excerpts"]]
        said = [int(fires(question["explanation"], text)) for text in texts]
        return completion(f"Here it is:\n```json\n{json.dumps({'fires': said})}\n```")

    return answer
