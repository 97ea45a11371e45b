"""The Hugging Face hub: the real client against a small hub on this machine, and `datasets` on local files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

from data.collections import load_collection
from data.errors import UserError
from data.readers.hub import _read_configurations, read_hub

CORPUS = [
    {"_id": "d1", "title": "Kites", "text": "They fly."},
    {"_id": "d2", "title": "", "text": "Stones do not."},
]
QUERIES = [{"_id": "q1", "text": "what flies"}, {"_id": "q2", "text": "unjudged"}]
EXPECTED = {
    "texts": ["Kites They fly.", "Stones do not."],
    "queries": ["q1"],
    "qrels": {"q1": {"d1": 1}},
    "problems": ["unknown document"],
}
QRELS = b"query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td9\t1\n"
COMMIT = "0" * 40


def json_lines(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


REPOSITORIES = {
    "mteb/toy": {
        "corpus.jsonl": json_lines(CORPUS),
        "queries.jsonl": json_lines(QUERIES),
        "qrels/test.tsv": QRELS,
    },
    "BeIR/toy": {
        "corpus.jsonl": json_lines(CORPUS),
        "queries.jsonl": json_lines(QUERIES),
        "toy.py": b"raise SystemExit('a dataset script ran')",
    },
    "BeIR/toy-qrels": {"test.tsv": QRELS},
}


class Hub(BaseHTTPRequestHandler):
    """The part of the hub's HTTP interface that a snapshot download uses."""

    protocol_version = "HTTP/1.1"
    types: ClassVar[dict[str, str]] = {"json": "application/json"}

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts[0] == "api":
            parts = parts[1:]
        repository, place = "/".join(parts[1:3]), parts[3:]
        files = REPOSITORIES.get(repository)
        if files is None:
            self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif not place or place[0] == "revision":
            info = {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
            self.reply(200, json.dumps(info).encode())
        elif place[0] == "tree":
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": sha1(content).hexdigest()}
                for name, content in files.items()
            ]
            self.reply(200, json.dumps(tree).encode())
        else:
            content = files["/".join(place[2:])]
            headers = {"ETag": f'"{sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
            self.reply(200, content, headers)

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


SCRIPT = """
import json, sys
from data.collections import load_collection
from data.collections import load_collection
from data.errors import UserError
for name in sys.argv[2:]:
    try:
        collection = load_collection(name, sys.argv[1])
        print(json.dumps({
            "texts": list(collection.corpus.texts), "queries": list(collection.queries.ids),
            "qrels": collection.qrels, "problems": [problem.kind for problem in collection.problems],
        }))
    except UserError as error:
        print(json.dumps(str(error)))
"""


def read_in_a_fresh_process(endpoint: str, cache: Path, *names: str, split: str = "test") -> list[object]:
    """The client reads its endpoint once, when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, split, *names],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_beir_files_are_downloaded_once_then_read_from_the_cache(hub: str, tmp_path: Path) -> None:
    names = ["hf:mteb/toy", "hf:BeIR/toy"]
    assert read_in_a_fresh_process(hub, tmp_path, *names) == [EXPECTED, EXPECTED]
    assert read_in_a_fresh_process("http://127.0.0.1:9", tmp_path, *names) == [EXPECTED, EXPECTED]


def test_an_unknown_repository_a_missing_split_and_no_network_are_one_sentence(
    hub: str, tmp_path: Path
) -> None:
    unknown, other, apart = read_in_a_fresh_process(
        hub, tmp_path, "hf:no/such", "hf:mteb/toy", "hf:BeIR/toy", split="dev"
    )
    assert (
        unknown
        == "the Hugging Face hub shows no dataset 'no/such': check its name, or log in if it is private"
    )
    assert "has no qrels for split 'dev'" in str(other)
    assert "has no qrels for split 'dev': its splits are test" in str(apart)
    (unreachable,) = read_in_a_fresh_process("http://127.0.0.1:9", tmp_path / "empty", "hf:mteb/toy")
    assert "could not be downloaded" in str(unreachable)
    assert "connect to a network" in str(unreachable)


@pytest.fixture
def configurations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of Parquet files and configurations, as `datasets` reads them from a folder."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "toy"
    folder.mkdir()
    qrels = pd.DataFrame({"query-id": ["q1", "q1"], "corpus-id": ["d1", "d9"], "score": [1.0, 1.0]})
    pd.DataFrame(CORPUS).to_parquet(folder / "corpus.parquet")
    pd.DataFrame(QUERIES).to_parquet(folder / "queries.parquet")
    qrels.to_parquet(folder / "qrels.parquet")
    (folder / "README.md").write_text(
        """---
configs:
- config_name: default
  data_files: [{split: test, path: qrels.parquet}]
- config_name: corpus
  data_files: [{split: corpus, path: corpus.parquet}]
- config_name: queries
  data_files: [{split: queries, path: queries.parquet}]
---
"""
    )
    return folder


def test_configurations_are_read_through_datasets(configurations: Path) -> None:
    collection = _read_configurations(str(configurations), "test")
    assert list(collection.corpus.texts) == EXPECTED["texts"]
    assert list(collection.queries.ids) == EXPECTED["queries"]
    assert collection.qrels == EXPECTED["qrels"]
    assert [problem.kind for problem in collection.problems] == EXPECTED["problems"]
    with pytest.raises(UserError, match="no qrels for split 'dev': its splits are test"):
        _read_configurations(str(configurations), "dev")


def test_without_datasets_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.readers.hub._download", lambda repository, patterns: tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match="pip install datasets"):
        read_hub("some/parquet")


def test_plain_text_is_streamed_as_far_as_it_is_asked_for(tmp_path: Path) -> None:
    rows = [{"id": f"n{number}", "text": f"document {number}", "score": 1} for number in range(50)]
    (tmp_path / "texts").mkdir()
    for part in range(2):
        some = rows[25 * part : 25 * part + 25]
        (tmp_path / "texts" / f"part-{part}.jsonl").write_bytes(json_lines(some))  # type: ignore[arg-type]
    collection = load_collection(f"hf-text:{tmp_path / 'texts'}:30")
    assert list(collection.corpus.ids) == [f"n{number}" for number in range(30)]
    assert list(collection.corpus.texts) == [f"document {number}" for number in range(30)]
    assert not collection.queries.ids
    assert len(load_collection(f"hf-text:{tmp_path / 'texts'}:900").corpus) == 50


@pytest.mark.parametrize("name", ["", "repository", "repository:", "repository:many", ":3", "repository:0"])
def test_a_text_without_a_number_of_documents_is_told(name: str) -> None:
    with pytest.raises(UserError, match="expected hf-text:REPOSITORY:DOCUMENTS"):
        load_collection(f"hf-text:{name}")
