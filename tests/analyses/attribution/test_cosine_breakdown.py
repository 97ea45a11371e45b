"""The cosine's parts sum to it, part by part as dense algebra has them, and other poolings are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analyses.attribution.cosine_breakdown import (
    TOLERANCE,
    CosineExplanation,
    averaged_away,
    beside_bm25,
    explain_cosine,
    why_no_breakdown,
)
from analyses.attribution.score_breakdown import explain
from data.errors import UserError
from retrieval.study import Study


@pytest.fixture(scope="module", params=range(3))
def explained(tiny_study: Study, request: pytest.FixtureRequest) -> CosineExplanation:
    query = tiny_study.queries.texts[request.param]
    return explain_cosine(tiny_study, query, str(tiny_study.search(query)["doc_id"].iloc[request.param]))


def test_parts_sum_to_the_cosine_of_search(tiny_study: Study, explained: CosineExplanation) -> None:
    found = tiny_study.search(explained.query, len(tiny_study.corpus), "cosine").set_index("doc_id")["score"]
    assert explained.cosine == pytest.approx(found[explained.doc_id], abs=1e-6)
    parts = explained.of_latents + explained.bias + explained.unreconstructed + explained.special
    assert parts == pytest.approx(explained.cosine, abs=TOLERANCE)
    assert explained.residual == pytest.approx(explained.cosine - parts, abs=1e-12)
    assert explained.tokens["credit"].sum() == pytest.approx(explained.cosine, abs=TOLERANCE)


def test_each_part_is_what_dense_algebra_gives(tiny_study: Study, explained: CosineExplanation) -> None:
    text = tiny_study.corpus.texts[tiny_study.position[explained.doc_id]]
    states = tiny_study.encoder.encode([text]).states.values.astype(np.float32)
    activations, indices = tiny_study.sae.encode(states)
    rebuilt = tiny_study.sae.decode(activations, indices).numpy()
    query = tiny_study.encode(explained.query).vector[0]
    pooled = states.mean(axis=0)
    norm = np.linalg.norm(pooled)
    assert explained.norm == pytest.approx(norm, rel=1e-3)
    bias = tiny_study.sae.b_dec.numpy() @ query / norm
    assert explained.bias == pytest.approx(bias, abs=1e-4)
    assert explained.of_latents == pytest.approx(rebuilt.mean(axis=0) @ query / norm - bias, abs=1e-3)
    assert explained.unreconstructed == pytest.approx(
        (states - rebuilt).mean(axis=0) @ query / norm, abs=1e-3
    )


def test_special_tokens_that_the_sae_does_not_read_are_a_part_of_their_own(tiny_study: Study) -> None:
    query = tiny_study.queries.texts[0]
    doc_id = str(tiny_study.search(query)["doc_id"].iloc[0])
    encoder = tiny_study.encoder
    bare = type(encoder)(replace(encoder.config, special_tokens=False), encoder._loaded, encoder._reader)
    study = replace(tiny_study)
    study.__dict__["encoder"] = bare
    explained = explain_cosine(study, query, doc_id)
    whole = explain_cosine(tiny_study, query, doc_id)
    assert explained.cosine == pytest.approx(whole.cosine, abs=1e-6)
    assert abs(explained.residual) < TOLERANCE
    on_special = whole.tokens.query("start == end")["credit"].sum()
    assert abs(on_special) > 1e-3
    assert explained.special == pytest.approx(on_special, abs=1e-5)


def test_beside_bm25_each_share_is_a_share(tiny_study: Study, explained: CosineExplanation) -> None:
    bm25 = explain(tiny_study, explained.query, explained.doc_id)
    table = beside_bm25(explained, bm25)
    assert table["share_bm25"].sum() == pytest.approx(1)
    assert table["share_cosine"].abs().sum() == pytest.approx(1)
    assert set(bm25.breakdown["latent"]) <= set(table["latent"])
    assert table["averaged_away"].is_monotonic_decreasing
    found = averaged_away(table)
    assert 0.5 <= found.bm25
    heads = table.sort_values("contribution", ascending=False).head(found.n_latents)
    assert found.cosine == pytest.approx(heads["share_cosine"].abs().sum())
    assert heads["share_bm25"].iloc[:-1].sum() < 0.5
    assert found.low <= found.random <= found.high


@pytest.mark.parametrize(("what", "sentence"), [("pooling", "pools by cls"), ("layer", "reads layer 3")])
def test_what_does_not_split_is_said_and_refused(tiny_study: Study, what: str, sentence: str) -> None:
    encoder: dict[str, Any] = dict(tiny_study.manifest["encoder"])
    if what == "pooling":
        encoder["pooling"] = "cls"
    else:
        encoder["config"] = {**encoder["config"], "layer": 3}
    other = replace(tiny_study, manifest={**tiny_study.manifest, "encoder": encoder})
    assert why_no_breakdown(tiny_study) is None
    assert sentence in (why_no_breakdown(other) or "")
    with pytest.raises(UserError, match=sentence):
        explain_cosine(other, "sort", other.corpus.ids[0])


def test_as_json(explained: CosineExplanation) -> None:
    read = json.loads(json.dumps(explained.to_dict()))
    assert sum(latent["part"] for latent in read["latents"]) == pytest.approx(read["of_latents"])
