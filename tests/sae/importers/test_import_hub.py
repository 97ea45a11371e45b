"""SAEs on the hub: the real clients, huggingface_hub's and SAELens's, against a small hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import torch
from safetensors.torch import save_file

from data.errors import UserError
from sae.importers import import_autoencoder
from sae.importers.hub import fetch
from sae.model import SparseAutoencoder

pytestmark = pytest.mark.slow
COMMIT, NOWHERE = "0" * 40, "http://127.0.0.1:9"


def hub_of(root: Path) -> type[BaseHTTPRequestHandler]:
    """The part of the hub's interface that the clients use; a repository is a folder OWNER/NAME below the root."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def answer(self) -> None:
            parts = unquote(urlsplit(self.path).path).strip("/").split("/")
            listing = parts[:2] == ["api", "models"]
            parts = parts[2:] if listing else parts
            repository, rest = "/".join(parts[:2]), parts[2:]
            folder = root / repository
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            names = [path.relative_to(folder).as_posix() for path in files]
            if not folder.is_dir():
                self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif "missing" in rest:
                self.reply(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            elif listing and "tree" in rest:
                sizes = [
                    {
                        "type": "file",
                        "path": name,
                        "size": path.stat().st_size,
                        "oid": sha1(name.encode()).hexdigest(),
                    }
                    for name, path in zip(names, files, strict=True)
                ]
                self.reply(200, json.dumps(sizes).encode())
            elif listing:
                siblings = [{"rfilename": name} for name in names]
                self.reply(200, json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode())
            elif (name := "/".join(rest[2:])) in names:
                content = (folder / name).read_bytes()
                tag = f'"{sha1(content).hexdigest()}"'
                self.reply(200, content, {"ETag": tag, "X-Repo-Commit": COMMIT})
            else:
                self.reply(404, b"{}", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})

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

    return Hub


def tensors_of(sae: SparseAutoencoder) -> dict[str, torch.Tensor]:
    return {"W_enc": sae.W_enc.T, "b_enc": sae.b_enc, "W_dec": sae.W_dec, "b_dec": sae.b_dec}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory, make_autoencoder: Callable[..., Any]) -> Path:
    """A run of sparsify with two hook points, an `ae.pt`, a plain file, and a release that SAELens knows."""
    root = tmp_path_factory.mktemp("hub")

    def folder(name: str) -> Path:
        (root / name).mkdir(parents=True, exist_ok=True)
        return root / name

    for layer, k in ((2, 5), (10, 7)):
        sae = make_autoencoder(96, 24, k, seed=layer)
        names = {"W_enc": "encoder.weight", "b_enc": "encoder.bias"}
        tensors = {names.get(name, name): getattr(sae, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}
        place = folder(f"someone/run/layers.{layer}")
        save_file(tensors, place / "sae.safetensors")
        (place / "cfg.json").write_text(json.dumps({"k": k, "d_in": 24, "activation": "topk"}))
    (root / "someone/run/config.json").write_text(json.dumps({"sae": {}, "model": "a-model"}))
    (root / "someone/run/README.md").write_text("not wanted")
    sae = make_autoencoder(96, 24, 5)
    torch.save(
        {
            "encoder.weight": sae.W_enc,
            "encoder.bias": sae.b_enc,
            "decoder.weight": sae.W_dec.T,
            "bias": sae.b_dec,
        },
        folder("someone/dictionaries/resid/trainer_0") / "ae.pt",
    )
    plain = {name: tensor.contiguous() for name, tensor in tensors_of(sae).items()}
    save_file(plain, folder("someone/plain") / "a[1].safetensors", {"k": "5"})
    release = folder("jbloom/GPT2-Small-SAEs-Reformatted/blocks.8.hook_resid_pre")
    save_file(plain, release / "sae_weights.safetensors")
    config = {"d_in": 24, "d_sae": 96, "dtype": "torch.float32", "model_name": "gpt2-small"}
    (release / "cfg.json").write_text(json.dumps(config | {"hook_point": "blocks.8.hook_resid_pre"}))
    return root


@pytest.fixture(scope="module")
def hub(repositories: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), hub_of(repositories))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


SCRIPT = """
import json, sys
from data.errors import UserError
from sae.importers import import_autoencoder
for source in sys.argv[1:]:
    try:
        sae = import_autoencoder(source)
        print(json.dumps([sae.name, sae.architecture, sae.k, float(sae.b_enc.sum()), dict(sae.trained_on)]))
    except UserError as error:
        print(json.dumps(str(error)))
"""


def imported(endpoint: str, cache: Path, *sources: str) -> list[Any]:
    """In a process of its own: the client reads its endpoint once, when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *sources], env=environment, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_sae_of_a_repository_is_downloaded_and_then_read_from_the_cache(
    hub: str, tmp_path: Path, make_autoencoder: Callable[..., Any]
) -> None:
    sources = [
        "hf:someone/run/layers.10@main",
        "hf:someone/dictionaries",
        "hf:someone/plain",
        "hf:someone/plain/a[1].safetensors",
    ]
    first = imported(hub, tmp_path, *sources)
    (name, architecture, k, total, trained_on), dictionary, *plain = first
    assert (name, architecture, k) == ("layers.10", "topk", 7)
    assert total == pytest.approx(float(make_autoencoder(96, 24, 7, seed=10).b_enc.sum()))
    told = trained_on["imported"]
    assert (told["format"], told["source"], told["revision"]) == ("sparsify", sources[0], COMMIT)
    assert (told["says"]["model"], told["says"]["hook_point"]) == ("a-model", "layers.10")
    assert dictionary[:2] == ["dictionaries", "standard"]
    assert [sae[:3] for sae in plain] == [["plain", "topk", 5], ["a[1].safetensors", "topk", 5]]
    here = {path.name for path in (tmp_path / "hub").rglob("*") if path.is_symlink() or path.is_file()}
    assert {"sae.safetensors", "ae.pt", "a[1].safetensors"} <= here
    assert "README.md" not in here
    assert not list((tmp_path / "hub").rglob("layers.2"))
    assert imported(NOWHERE, tmp_path, *sources) == first


def test_several_unknown_and_unreachable_are_one_sentence(hub: str, tmp_path: Path) -> None:
    several, unknown, revision, folder = imported(
        hub, tmp_path, "hf:someone/run", "hf:no/such", "hf:someone/run@missing", "hf:someone/run/layers.3"
    )
    assert several == "hf:someone/run holds 2 SAEs, layers.2, layers.10: name one, as hf:someone/run/layers.2"
    assert unknown.startswith("the Hugging Face hub shows no model 'no/such'")
    assert revision.startswith("someone/run on the Hugging Face hub has no revision 'missing'")
    assert folder.startswith("hf:someone/run/layers.3 holds no SAE")
    (unreachable,) = imported(NOWHERE, tmp_path / "empty", "hf:someone/run")
    assert "could not be downloaded from the Hugging Face hub" in unreachable
    assert "\n" not in unreachable


def test_a_source_that_names_no_repository() -> None:
    with pytest.raises(UserError, match="expected hf:OWNER/NAME"):
        fetch("hf:gpt2")


def test_a_release_of_saelens_is_downloaded_by_saelens(
    hub: str, tmp_path: Path, make_autoencoder: Callable[..., Any]
) -> None:
    pytest.importorskip("sae_lens")
    name = "gpt2-small-res-jb/blocks.8.hook_resid_pre"
    (sae,) = imported(hub, tmp_path, name)
    assert sae[:3] == ["blocks.8.hook_resid_pre", "standard", 96]
    assert sae[3] == pytest.approx(float(make_autoencoder(96, 24, 5).b_enc.sum()))
    told = sae[4]["imported"]
    assert (told["format"], told["source"]) == ("SAELens", name)
    assert (told["says"]["model"], told["says"]["hook_point"]) == ("gpt2-small", "blocks.8.hook_resid_pre")


def test_a_release_that_cannot_be_downloaded_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sae_lens")
    # Offline, since the client retries a closed port for half a minute.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="could not be downloaded by SAELens") as refusal:
        import_autoencoder("gpt2-small-res-jb/blocks.8.hook_resid_pre")
    assert "\n" not in str(refusal.value)
