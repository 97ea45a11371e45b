"""Shares of matches of latents other than the study's: of the study's own, they are the match's."""

from __future__ import annotations

import pytest
from scipy.sparse import csc_array, csr_array

from analyses.comparison.judged_queries import judged_queries
from analyses.why.ladder.ladder import ladder
from analyses.why.match import match
from analyses.why.matches import nulls
from analyses.why.matches.nulls import SHARES, StudyWords
from retrieval.study import Study
from sae.latents import TokenLatents, token_latents

pytestmark = pytest.mark.slow


def test_shares_of_the_studys_own_latents_are_those_of_the_match(
    why_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nulls, "N_QUERIES", 10_000)
    judged = judged_queries(why_study)
    queries = why_study.encoder.encode([why_study.queries.texts[row] for row in judged.rows], "query")
    words = StudyWords.of(why_study, judged, queries)
    tokens, index = why_study.tokens, why_study.index
    shape = index.n_docs, index.n_terms
    counts = csr_array(csc_array((index.counts, index.documents, index.indptr), shape=shape))
    shares = words.shares(
        TokenLatents(tokens.activations, tokens.indices, tokens.offsets),
        token_latents(why_study.sae, queries.states),
        counts,
        judged.counts,
    )
    kept = match(why_study)
    assert kept is not None
    for kind in SHARES:
        row = kept.rows("part", kind)["share_top10"]
        assert shares[f"{kind}_share_top10"] == pytest.approx(row["value"], abs=1e-6)
        assert shares[f"{kind}_share_top10_low"] == pytest.approx(row["low"], abs=1e-6)


def test_the_ladder_has_the_shares_of_its_nulls_alone(why_study: Study) -> None:
    made = ladder(why_study)
    assert made is not None
    has = made.cells[made.cells["soft_share_top10"].notna()]
    assert list(zip(has["states"], has["dictionary"], strict=True)) == [
        (states, "random directions") for states in ("as they are", "layer 0", "random encoder")
    ]
    assert (has[[f"{kind}_share_top10" for kind in SHARES]].sum(axis=1) <= 1 + 1e-9).all()
