"""An SAE on the hub: the real client against a small hub on this machine, and both readers load it back."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from data.errors import UserError
from retrieval.study import Study
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from workbench.export.hub import released, repository_of


def hub_at(root: Path) -> type[BaseHTTPRequestHandler]:
    """The part of the hub's interface that an upload uses; a commit's files are written below the root."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply({"id": "someone/mine", "sha": "0" * 40, "siblings": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Authorization") != "Bearer hf_secret":
                self.reply({"error": "log in"}, 401)
            elif self.path.endswith("/validate-yaml"):
                self.reply({"errors": [], "warnings": []})
            elif self.path.endswith("/repos/create"):
                self.reply({"url": "http://127.0.0.1/someone/mine", "id": "someone/mine"})
            elif "/preupload/" in self.path:
                files = json.loads(body)["files"]
                kept = [
                    {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False} for each in files
                ]
                self.reply({"files": kept})
            elif "/commit/" in self.path:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        path = root / "someone" / "mine" / line["value"]["path"]
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(base64.b64decode(line["value"]["content"]))
                self.reply({"commitUrl": "http://127.0.0.1/someone/mine/commit/0", "commitOid": "0" * 40})
            else:
                self.reply({}, 404)

        def reply(self, value: object, status: int = 200) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    return Hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of a hub, and the folder in which it keeps repositories."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), hub_at(tmp_path / "hub"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path / "hub"
    server.shutdown()
    server.server_close()


def push(
    hub: str, tmp_path: Path, *arguments: object, token: str = "hf_secret"
) -> subprocess.CompletedProcess[str]:
    """`workbench push` in a process of its own: the client reads the hub's address when it is imported."""
    home = {"HF_ENDPOINT": hub, "HF_TOKEN": token, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    command = [sys.executable, "-m", "workbench.cli", "push", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | home, timeout=240)


@pytest.mark.slow
def test_what_is_pushed_is_read_back(
    hub: tuple[str, Path], tiny_study: Study, tiny_card: Path, tiny_sae: SparseAutoencoder, tmp_path: Path
) -> None:
    address, kept = hub
    save_autoencoder(tiny_sae, tmp_path / "sae")
    study = Path(shutil.copytree(tiny_study.path, tmp_path / "studies" / "tiny"))
    (study / "cards").mkdir(exist_ok=True)
    (study / "cards" / f"{tiny_sae.fingerprint}.json").write_bytes(tiny_card.read_bytes())
    given = [
        tmp_path / "sae",
        "hf:someone/mine",
        "--license",
        "cc-by-4.0",
        "--study",
        study,
        "--json",
    ]
    done = push(address, tmp_path, *given)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["repository"] == "someone/mine"
    repository = kept / "someone" / "mine"
    again = load_autoencoder(repository)
    assert again.fingerprint == tiny_sae.fingerprint
    from sae_lens import SAE

    theirs = SAE.load_from_disk(str(repository), device="cpu")
    states = torch.randn(4, tiny_sae.d_model)
    values, latents = tiny_sae.encode(states)
    torch.testing.assert_close(theirs.encode(states).gather(1, latents.long()), values, rtol=1e-4, atol=1e-4)
    card = (repository / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: cc-by-4.0\nlibrary_name: saelens\n")
    assert "base_model: sentence-transformers/all-MiniLM-L6-v2" in card.replace("\\", "")
    assert "random directions" in card
    assert "| measure |" in card
    refused = push(address, tmp_path, *given, token="hf_other")
    assert refused.returncode == 2
    assert "wants a login" in refused.stderr


def test_a_folder_of_this_machine_is_no_encoder_for_others(tiny_sae: SparseAutoencoder) -> None:
    sae = replace(tiny_sae, trained_on={"encoder": {"config": {"model": "/home/me/mine"}}})
    with pytest.raises(UserError, match="a folder of this machine: say where others find it"):
        released(sae, None)
    named = released(sae, "someone/encoder")
    assert named.trained_on["encoder"]["config"]["model"] == "someone/encoder"
    assert named.fingerprint == sae.fingerprint


@pytest.mark.parametrize("target", ["someone/mine", "hf:mine", "hf:a/b/c", "hf:../x y"])
def test_a_target_names_a_repository(target: str) -> None:
    with pytest.raises(UserError, match="names no repository"):
        repository_of(target)
