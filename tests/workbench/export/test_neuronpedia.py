"""Batches of features hold what the study holds, and SAEDashboard's own classes read them."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.study import Study
from workbench.export.formats import export

# The package asks for an older `datasets`, so it is installed by itself, somewhere else.
DASHBOARD = "WORKBENCH_SAE_DASHBOARD"


@pytest.fixture(scope="module")
def written(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("neuronpedia") / "out"
    export(tiny_study, "neuronpedia", folder)
    return folder


def batches(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("batch-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [json.loads(path.read_text(encoding="utf-8")) for path in files]


def test_every_latent_is_a_feature_or_skipped(tiny_study: Study, written: Path) -> None:
    features = [feature for batch in batches(written) for feature in batch["features"]]
    skipped = json.loads((written / "skipped_indexes.json").read_text())["skipped_indexes"]
    assert sorted([feature["feature_index"] for feature in features] + skipped) == list(
        range(tiny_study.n_latents)
    )
    sizes = np.diff(tiny_study.contexts.ptr)
    for feature in features:
        latent = feature["feature_index"]
        assert sum(feature["freq_hist_data_bar_heights"]) == sizes[latent]
        assert feature["frac_nonzero"] == pytest.approx(sizes[latent] / len(tiny_study.tokens.token_ids))
        assert latent not in feature["correlated_features_indices"]


def test_contexts_are_the_studys(tiny_study: Study, written: Path) -> None:
    for feature in batches(written)[0]["features"][:20]:
        _, values = tiny_study.contexts.latent(feature["feature_index"])
        strongest = [one for one in feature["activations"] if one["bin_min"] == -1]
        assert len(strongest) == min(20, len(values))
        shown = [one["values"][one["qualifying_token_index"]] for one in strongest]
        np.testing.assert_allclose(shown, values[: len(shown)], atol=1e-3)
        intervals = {
            (one["bin_min"], one["bin_max"]): one for one in feature["activations"] if one["bin_min"] >= 0
        }
        assert sum(one["bin_contains"] for one in intervals.values()) == pytest.approx(1)
        for one in feature["activations"]:
            assert len(one["tokens"]) == len(one["values"])
            value = one["values"][one["qualifying_token_index"]]
            assert one["bin_min"] - 1e-3 <= value <= one["bin_max"] + 1e-3


def test_the_dashboards_own_classes_read_them(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = os.environ.get(DASHBOARD, "")
    path = Path(folder) / "sae_dashboard" / "neuronpedia" / "neuronpedia_dashboard.py"
    if not path.is_file():
        pytest.skip(
            f"needs sae-dashboard in a folder of its own: `pip install --no-deps --target`, then {DASHBOARD}"
        )
    spec = importlib.util.spec_from_file_location("neuronpedia_dashboard", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "neuronpedia_dashboard", module)
    spec.loader.exec_module(module)
    for batch in batches(written):
        read = module.NeuronpediaDashboardBatch(**batch)
        again = json.loads(json.dumps(read.to_dict()))
        assert again == batch
        assert all(feature == other for feature, other in zip(read.features, read.features, strict=True))
