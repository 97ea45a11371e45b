"""Token states that are kept are found whatever device made them, and only those of the very text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from data.activations import write_store
from data.encoders import Encoder
from retrieval.study import Study
from workbench.api.measuring import kept_states

pytestmark = pytest.mark.slow


def test_kept_states_are_found_by_text_and_encoder_on_any_device(
    tiny_study: Study, encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    name = tiny_study.manifest["collection"]["fingerprint"]
    assert kept_states(tiny_study, name) is None
    elsewhere = Encoder.load(replace(encoder.config, device="auto"))
    texts, folder = list(tiny_study.corpus.texts[:3]), tmp_path / "activations"
    write_store(folder / "part", elsewhere, texts, {"name": "a", "fingerprint": name, "documents": "some"})
    assert kept_states(tiny_study, name, whole=True) is None
    assert kept_states(tiny_study, name) is not None
    write_store(folder / "all", elsewhere, texts, {"name": "a", "fingerprint": name})
    found = kept_states(tiny_study, name, whole=True)
    assert found is not None
    assert found.folder.name == "all"
    write_store(folder / "other", elsewhere, texts, {"name": "a", "fingerprint": "0" * 16})
    shorter = Encoder.load(replace(encoder.config, max_length=16))
    write_store(folder / "shorter", shorter, texts, {"name": "a", "fingerprint": "1" * 16})
    assert kept_states(tiny_study, "0" * 16) is not None
    assert kept_states(tiny_study, "1" * 16) is None
