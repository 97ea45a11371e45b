"""A paper on a multi-vector encoder: its own score, MaxSim, stands where the cosine of others does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import colbert_folder
from data.encoders import Encoder
from retrieval.evaluate import evaluate
from retrieval.maxsim import maxsim_scores
from workbench.jobs.progress import StageProgress
from workbench.paper.config import PaperConfig, read_config
from workbench.paper.item import Evidence
from workbench.paper.items.retrieval import limit_curve, systems
from workbench.paper.measure.bench import PAPER_MEASURES, Bench
from workbench.paper.measure.experiments import EXPERIMENTS
from workbench.paper.measure.materials import Materials
from workbench.paper.plan import plan_cells

CONFIG = """
title = "Two encoders"
seeds = [0]
[[encoders]]
name = "ColBERT"
model = "{model}"
max_length = 40
[[encoders]]
name = "MiniLM"
model = "minilm"
max_length = 40
[[saes]]
name = "own text"
text = "limit:40"
distinct_tokens = 1500
n_tokens = 4096
n_latents = 64
k = 4
batch_size = 512
[[collections]]
source = "limit:40"
name = "limit"
queries = 12
[limit]
sizes = [40]
queries = 12
"""


@pytest.fixture
def config(tmp_path: Path) -> PaperConfig:
    model = colbert_folder.pylate_folder(tmp_path / "colbert")
    (tmp_path / "paper.toml").write_text(CONFIG.format(model=model))
    return read_config(tmp_path / "paper.toml")


class Measured:
    """The evidence of a few experiments, really measured."""

    def __init__(self, config: PaperConfig, bench: Bench) -> None:
        self.config, self._bench = config, bench

    def measured(self, experiment: str) -> pd.DataFrame:
        return pd.concat(
            [
                self._bench.measure(one.cell).reset_index().assign(n_docs=40, **one.labels)
                for one in EXPERIMENTS[experiment](self.config)
            ],
            ignore_index=True,
        )


def test_every_experiment_takes_the_encoders_own_score(config: PaperConfig) -> None:
    told = [one.labels for one in EXPERIMENTS["retrieval"](config)]
    own = {label["encoder"]: label["system"] for label in told if label["system"] in ("cosine", "maxsim")}
    assert own == {"ColBERT": "maxsim", "MiniLM": "cosine", "ColBERT, random weights": "maxsim"}
    for name in ("limit", "sweep seed"):  # of the first encoder
        systems_there = [one.labels["system"] for one in EXPERIMENTS[name](config)]
        assert "maxsim" in systems_there
        assert "cosine" not in systems_there


def test_a_maxsim_cell_is_measured_as_maxsim_ranks(
    config: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    (cell, _) = (one.cell for one in EXPERIMENTS["retrieval"](config) if one.cell.system == "maxsim")
    with StageProgress(silent=True) as progress:
        materials = Materials(progress, "cpu")
        bench = Bench(materials)
        (ranking,) = (step for step in plan_cells([cell], materials, bench) if step.kind == "MaxSim")
        found = bench.measure(cell)
        assert bench.is_measured(cell)
        assert [step.done for step in plan_cells([cell], materials, bench)] == [True]
        bench.close()
    assert ranking.seconds > 0
    assert "12 queries" in ranking.what
    collection = materials.collection(cell.collection)
    encoder = Encoder.load(config.encoders[0].config).at_layer("projected")
    scores = maxsim_scores(
        encoder.token_vectors(encoder.encode(list(collection.corpus.texts))),
        encoder.token_vectors(encoder.encode(list(collection.queries.texts), "query"), "query"),
    )
    run = bench.run(cell)
    for row, ranked in enumerate(np.argsort(-scores, axis=1, kind="stable")):
        ours = [collection.corpus.ids[place] for place in ranked]
        results = dict(run.results(row))
        np.testing.assert_allclose(
            [results[identifier] for identifier in ours], scores[row, ranked], atol=5e-3
        )
    judged = {query: collection.qrels[query] for query in collection.queries.ids}
    expected = evaluate(run, judged, PAPER_MEASURES)
    pd.testing.assert_frame_equal(found, expected, check_names=False)


@pytest.mark.slow
def test_tables_tell_differences_from_the_own_score(
    config: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    with StageProgress(silent=True) as progress:
        bench = Bench(Materials(progress, "cpu"))
        evidence: Evidence = Measured(config, bench)  # type: ignore[assignment]
        made, curve = systems(evidence, "nDCG@10"), limit_curve(evidence)
        bench.close()
    table = made.table.set_index(["system", "encoder"])
    assert table["own"]["latent"].to_dict() == {
        "ColBERT": "maxsim", "MiniLM": "cosine", "ColBERT, random weights": "maxsim",
    }  # fmt: skip
    difference = table["mean"]["latent", "ColBERT"] - table["mean"]["maxsim", "ColBERT"]
    assert table["versus_own"]["latent", "ColBERT"] == pytest.approx(difference, abs=1e-9)
    assert np.isnan(table["p"]["maxsim", "ColBERT"])
    assert made.shown is not None
    assert "minus own score" in made.shown
    assert "MaxSim (ColBERT)" in made.shown["System"].tolist()
    assert "MaxSim or cosine" in made.caption
    assert any("Latent terms (ColBERT)" in fact and "MaxSim" in fact for fact in made.facts)
    assert set(curve.table["system"]) == {"bm25", "maxsim", "latent"}
