"""The front door of the running app, at its socket: who is answered, and what every answer forbids."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from data.errors import UserError
from workbench.page.browser import running_app
from workbench.page.serve import Sharing
from workbench.page.sharing.gate import Gate, host_name

HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)
PATHS = (
    "/",
    "/search",
    "/_stcore/health",
    "/_stcore/host-config",
    "/nowhere",
    "/static/nowhere.js",
    "/_stcore/stream",
)


@pytest.fixture(scope="module")
def proxy() -> Iterator[socket.socket]:
    """A proxy that every request of the app to the network would come to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(0.5)
        yield listening


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, proxy: socket.socket) -> Iterator[int]:
    """Port of a running app that has a name beside this machine's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        with running_app([tmp_path_factory.mktemp("none")], Sharing(hosts=["Lab.Example.org"])) as address:
            yield int(urlsplit(address).port or 0)


def answer(port: int, path: str, *headers: str, method: str = "GET") -> tuple[int, str, str]:
    """(status, head, body so far) of the answer to one request that is sent as it is written here."""
    lines = (f"{method} {path} HTTP/1.1", *headers, "", "")
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as line:
        line.sendall("\r\n".join(lines).encode("latin-1"))
        received = b""
        while b"\r\n\r\n" not in received and (more := line.recv(65536)):
            received += more
        head, _, body = received.decode("latin-1").partition("\r\n\r\n")
        length = next(
            (int(row[15:]) for row in head.splitlines() if row.lower().startswith("content-length:")), 0
        )
        while len(body) < min(length, 4096) and (more := line.recv(65536)):
            body += more.decode("latin-1")
    return int(head.split()[1]), head.lower(), body


def connect(port: int, host: str, *origin: str) -> tuple[int, str, str]:
    return answer(port, "/_stcore/stream", f"Host: {host}", *HANDSHAKE, *(f"Origin: {one}" for one in origin))


@pytest.mark.parametrize(
    "host",
    [
        "localhost:{}",
        "127.0.0.1:{}",
        "[::1]:{}",
        "LOCALHOST",
        "localhost.",
        "lab.example.org",
        "LAB.example.org:443",
    ],
)
def test_this_machines_names_and_the_given_one_are_answered(port: int, host: str) -> None:
    host = host.format(port)
    assert answer(port, "/_stcore/health", f"Host: {host}")[::2] == (200, "ok")
    assert connect(port, host, f"http://{host}")[0] == 101
    assert connect(port, host)[0] == 101


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{}",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example@localhost",
        "localhost:{}@evil.example",
        "localhost/evil.example",
        "xlocalhost",
        "0.0.0.0",
        "127.0.0.2",
        "[::]",
        "localhost:port",
        "",
    ],
)
def test_any_other_host_is_refused_in_a_sentence_on_every_path(port: int, host: str) -> None:
    host = host.format(port)
    for path in PATHS:
        status, head, body = answer(port, path, f"Host: {host}", f"Origin: http://{host}")
        assert (status, "--host-name NAME" in body) == (400, True), path
        assert "set-cookie" not in head
    status, _, body = connect(port, host, f"http://{host}")
    assert (status, "--host-name NAME" in body) == (400, True)


def test_two_hosts_or_none_are_no_host(port: int) -> None:
    for headers in ((), ("Host: localhost", "Host: evil.example"), ("Host: evil.example", "Host: localhost")):
        assert answer(port, "/", *headers)[0] == 400
    gate = Gate(app=None)  # type: ignore[arg-type]  # never called
    for hosts in ([], [b"localhost", b"evil.example"], [b"localhost", b"localhost"]):
        assert gate.refusal([(b"host", host) for host in hosts])


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost",
        "http://localhost:1",
        "http://127.0.0.1:{}",
        "null",
        "localhost:{}",
        "file://",
        "",
    ],
)
def test_another_origin_is_refused_and_nothing_is_looked_up(
    port: int, proxy: socket.socket, origin: str
) -> None:
    """A page of another local port is another site too: it may be anyone's."""
    host, origin = f"localhost:{port}", origin.format(port)
    status, _, body = connect(port, host, origin)
    assert (status, "other sites" in body) == (403, True)
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        assert (
            answer(port, "/_stcore/upload_file/a/b", f"Host: {host}", f"Origin: {origin}", method=method)[0]
            == 403
        )
    with pytest.raises(TimeoutError):
        proxy.accept()


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_frames(port: int, path: str) -> None:
    for host in (f"localhost:{port}", "evil.example"):
        _, head, _ = answer(port, path, f"Host: {host}")
        assert head.count("x-frame-options: deny") == 1
        assert "frame-ancestors 'none'" in head
        assert "x-content-type-options: nosniff" in head
        assert "access-control-allow-origin" not in head


@pytest.mark.parametrize(
    "text", ["http://lab.example", "lab.example:80", "lab example", "", "*", "*.example", "-a.b", "a..b"]
)
def test_what_is_no_name_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(UserError, match="host name"):
        host_name(text)


def test_names_are_compared_as_browsers_send_them() -> None:
    assert [host_name(text) for text in ("LAB.Example.", "[::1]", "0:0:0:0:0:0:0:1", "10.0.0.7")] == [
        "lab.example",
        "::1",
        "::1",
        "10.0.0.7",
    ]


def test_the_app_is_served_on_this_machine_only(port: int, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.2", port)) != 0
