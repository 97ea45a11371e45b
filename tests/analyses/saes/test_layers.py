"""A sweep's table says what its studies say, from shallow to deep, and its figure what the table says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyses.figures.saes.layers import layers_figure
from analyses.saes.layers import depth_of, layer_table
from data.corpus import Collection
from data.encoders import Encoder
from data.errors import UserError
from data.layers import write_stores
from data.run_log import read_log
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.train import TrainConfig, train


@pytest.fixture(scope="module")
def sweep(
    tiny_collection: Collection, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> list[Study]:
    """Studies of the final layer, the embeddings and layer 3, in that order, really trained and built."""
    folder = tmp_path_factory.mktemp("sweep")
    layers = [None, 0, 3]
    stores = write_stores(
        {layer: folder / f"states-{layer}" for layer in layers},
        encoder,
        tiny_collection.corpus.texts,
        {"name": "tiny"},
    )
    studies = []
    for layer, store in stores.items():
        at = encoder.at_layer(layer)
        run = folder / f"run-{layer}"
        config = TrainConfig(n_latents=128, k=8, n_tokens=8_000, batch_size=512)
        sae = train(config, store, run, trained_on={"encoder": at.describe()})
        fvu = read_log(run / "log.jsonl")[-1]["fvu"]
        sae = replace(sae, trained_on={**sae.trained_on, "last_batch": {"fvu": fvu}})
        studies.append(
            build_study(tiny_collection, at, sae, folder / f"layer-{layer}", max_queries=40, store=store)
        )
    return studies


def test_a_row_a_layer_system_and_measure(sweep: list[Study]) -> None:
    table = layer_table(sweep)
    assert list(dict.fromkeys(table["layer"])) == ["embeddings", "3", "final"]
    assert table.groupby("layer")["position"].first().to_dict() == {"embeddings": 0, "3": 1, "final": 2}
    assert not table.duplicated(["layer", "system", "measure"]).any()
    assert len(table) == 3 * len(sweep[0].evaluation) * 2
    for study in sweep:
        own = table[table["study"] == study.name].set_index(["system", "measure"])
        for system, measures in study.evaluation.items():
            assert own.loc[(system, "nDCG@10"), "mean"] == pytest.approx(measures["nDCG@10"])
        document_frequency = np.asarray(study.index.document_frequency)
        assert set(own["n_alive_latents"]) == {int((document_frequency > 0).sum())}
        fvu = study.manifest["sae"]["trained_on"]["last_batch"]["fvu"]
        assert own["fvu"].tolist() == [fvu] * len(own)
    assert (table["low"] <= table["mean"]).all()
    assert (table["mean"] <= table["high"]).all()


def test_no_layer_changes_the_controls(sweep: list[Study]) -> None:
    table = layer_table(sweep)
    for _, controls in table[table["system"].isin(["cosine", "bm25"])].groupby(["system", "measure"]):
        assert controls["mean"].nunique() == 1
        assert controls["low"].nunique() == 1


def test_an_sae_that_does_not_say_leaves_fvu_unknown(sweep: list[Study]) -> None:
    silent = {**sweep[1].manifest, "sae": {**sweep[1].manifest["sae"], "trained_on": {}}}
    table = layer_table([Study(sweep[1].path, silent)])
    assert table["fvu"].isna().all()
    assert "FVU" not in layers_figure(table).to_json()


def test_figure_draws_the_table(sweep: list[Study]) -> None:
    table = layer_table(sweep)
    figure = layers_figure(table)
    latent = next(trace for trace in figure.data if trace.legendgroup == "latent")
    part = table[(table["system"] == "latent") & (table["measure"] == "nDCG@10")]
    assert list(latent.x) == ["embeddings", "3", "final"]
    np.testing.assert_allclose(latent.y, part["mean"])
    np.testing.assert_allclose(latent.y + latent.error_y.array, part["high"])
    assert [axis.title.text for axis in figure.select_yaxes()] == ["nDCG@10", "R@100", "FVU"]
    assert list(figure.layout.xaxis.categoryarray) == ["embeddings", "3", "final"]


def test_layers_sort_by_depth() -> None:
    shuffled = ["blocks.11.hook_out", None, 12, "embed.hook_out", 2, "blocks.2.mlp.out.hook_out", 0, 3]
    assert sorted(shuffled, key=depth_of) == [
        "embed.hook_out", 0, 2, "blocks.2.mlp.out.hook_out", 3, "blocks.11.hook_out", 12, None
    ]  # fmt: skip


def test_what_cannot_be_compared_is_told(sweep: list[Study]) -> None:
    other = {
        **sweep[1].manifest,
        "encoder": {**sweep[1].manifest["encoder"], "fingerprint": "x"},
    }
    with pytest.raises(UserError, match="layer-None and layer-0 differ in their encoder"):
        layer_table([sweep[0], replace(sweep[1], manifest=other)])
    with pytest.raises(UserError, match="two studies are of layer 3"):
        layer_table([sweep[2], sweep[2]])
    with pytest.raises(UserError, match="no study to compare"):
        layer_table([])
