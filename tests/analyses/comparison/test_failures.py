"""Misses: each relevant document beyond the first k has one reason, and the counterfactual is a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.comparison.failures import REASONS, Failures, failures, score_at_average
from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.comparison.misses import blamed_latents, chosen_misses, outscored_by, wins_and_losses
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.search import contributions, search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex, _dense_rows

K = 2


@pytest.fixture(scope="module")
def judged(tiny_study: Study) -> Judged:
    return judged_queries(tiny_study)


@pytest.fixture(scope="module")
def found(tiny_study: Study, judged: Judged) -> Failures:
    return failures(tiny_study, k=K, judged=judged)


def with_length_of(index: WeightedIndex, document: int, length: float) -> WeightedIndex:
    """The index in which one document has another |d|, every impact of it computed anew, avg|d| kept."""
    own = index.index.documents == document
    weight = bm25.term_weight(index.index.counts[own], index.parameters.phi)
    norm = bm25.length_norm(length, index.average_length, index.parameters.b)
    impact = index.impact.copy()
    impact[own] = bm25.saturation(weight, index.parameters.k1, norm)
    dense, dense_row = _dense_rows(index.index, impact, index.idf)
    return replace(index, impact=impact, dense=dense, dense_row=dense_row)


def test_the_misses_are_the_relevant_documents_beyond_k(
    tiny_study: Study, judged: Judged, found: Failures
) -> None:
    run = judged.run(tiny_study.weighted(), len(tiny_study.corpus))
    missed = {}
    for row, query in enumerate(judged.ids):
        ranked = [document for document, _ in run.results(row)]
        for document in judged.document[judged.query == row].tolist():
            rank = ranked.index(document) + 1 if document in ranked else None
            if rank is None or rank > K:
                missed[query, tiny_study.corpus.ids[document]] = rank
    assert missed, "the small study misses something at this k"
    ranks = [
        None if rank is None or rank != rank else int(rank)
        for rank in found.misses["rank"].astype(object).where(found.misses["rank"].notna(), None)
    ]
    got = dict(zip(zip(found.misses["query_id"], found.misses["doc_id"], strict=True), ranks, strict=True))
    assert got == missed
    assert len(found.found_length) + len(found.missed_length) == found.n_relevant
    assert len(found.missed_length) == len(found.misses)


def test_each_miss_has_one_reason_and_the_counts_add_up(found: Failures) -> None:
    own = found.classes[found.classes["group"] == "missed"].set_index("reason")
    assert list(own.index) == list(REASONS)
    assert own["count"].sum() == len(found.misses)
    assert own["share"].sum() == pytest.approx(1)
    for reason, count in found.misses["reason"].value_counts().items():
        assert own.loc[reason, "count"] == count
    for _, part in found.classes.groupby("group"):
        assert part["count"].sum() == part["n"].iloc[0]
        assert ((part["low"] <= part["share"]) & (part["share"] <= part["high"])).all()


def test_the_reasons_are_those_of_a_search_over_a_changed_index(
    tiny_study: Study, judged: Judged, found: Failures
) -> None:
    """By the definitions, over again: shared latents, their idf, and a whole search with this |d| the average."""
    index, rows = tiny_study.weighted(), {query: row for row, query in enumerate(judged.ids)}
    seen = set()
    for miss in found.misses.to_dict("records"):
        document = tiny_study.position[miss["doc_id"]]
        query = csr_array(judged.counts[[rows[miss["query_id"]]]])
        terms, _ = tiny_study.index.document_row(document)
        shared = np.intersect1d(terms, query.indices)
        assert miss["n_shared"] == len(shared)
        changed = with_length_of(index, document, index.average_length)
        run = search(changed, query, K, ["q"], tiny_study.corpus.ids)
        if not len(shared):
            expected = "no shared latent"
        elif not index.idf[shared].any():
            expected = "only idf 0"
        else:
            expected = "length" if document in run.documents[0] else "outscored"
            again, _ = contributions(changed, query, document)
            assert miss["score_at_average"] == pytest.approx(again, rel=1e-5)
        assert miss["reason"] == expected
        seen.add(expected)
    assert {"length", "outscored"} <= seen


def test_all_four_reasons_are_told_apart(tiny_study: Study, judged: Judged) -> None:
    """A made-up index: latent 0 is everywhere (idf 0), the rest are rare; one relevant document for each reason."""
    counts = np.zeros((12, tiny_study.n_latents), np.float32)
    counts[:, 0] = 1
    counts[0, 1], counts[1, 1] = 9, 1  # document 1 is outscored by document 0, which has more of latent 1
    counts[3, :] = 0
    counts[3, 5] = 1  # shares nothing
    counts[4, 2], counts[4, 8:400] = 16, 4  # more of latent 2 than document 5, in a very long document
    counts[5, 2] = 1
    index = Index.from_counts(csr_array(counts))
    query = np.zeros((2, tiny_study.n_latents), np.float32)
    query[0, [0, 1]], query[1, [0, 2]] = 1, 1
    study = Study(tiny_study.path, tiny_study.manifest)
    study.__dict__.update(index=index)
    rows = np.array([0, 0, 0, 1])
    documents = np.array([1, 2, 3, 4])
    made = Judged(judged.ids[:2], np.array([0, 1]), csr_array(query), rows, documents, np.ones(4), 12)
    found = failures(study, k=1, judged=made)
    reasons = dict(zip(found.misses["doc_id"], found.misses["reason"], strict=True))
    ids = study.corpus.ids
    assert reasons == {
        ids[1]: "outscored", ids[2]: "only idf 0", ids[3]: "no shared latent", ids[4]: "length",
    }  # fmt: skip
    blamed = found.misses.set_index("doc_id")["blamed"]
    assert blamed[ids[1]] == (1,)
    assert blamed[ids[4]] == ()
    with_lucene = failures(study, Bm25Parameters(idf="lucene"), 1, made)
    assert "only idf 0" not in set(with_lucene.misses["reason"])


def test_the_advantages_of_rivals_sum_to_what_a_miss_lacks(
    tiny_study: Study, judged: Judged, found: Failures
) -> None:
    miss = found.misses[found.misses["reason"] == "outscored"].iloc[0]
    query = csr_array(judged.counts[[list(judged.ids).index(miss["query_id"])]])
    table = outscored_by(tiny_study, query, miss["doc_id"], k=K)
    scores = search(tiny_study.weighted(), query, K, ["q"], tiny_study.corpus.ids).scores[0]
    assert table["ahead"].to_numpy() == pytest.approx(scores - miss["score"], abs=1e-4)
    assert (np.diff(miss["advantage"]) <= 0).all()
    assert (table["lead"] > 0).all()
    assert (table["lead"] >= max(miss["advantage"]) - 1e-9).any()


def test_filters_keep_what_they_say(found: Failures) -> None:
    misses = found.misses
    parts = [chosen_misses(misses, K, reason) for reason in REASONS]
    assert sum(map(len, parts)) == len(misses)
    either, none = (chosen_misses(misses, K, found_by=who) for who in ("either", "none"))
    assert len(either) + len(none) == len(misses)
    assert ((either["cosine_rank"] <= K) | (either["bm25_rank"] <= K)).all()
    few = chosen_misses(misses, K, words=(0, int(misses["n_words"].median())))
    assert 0 < len(few) <= len(misses)
    table = wins_and_losses(misses)
    assert (table[["won", "tied", "lost"]].sum(axis=1) == misses["query_id"].nunique()).all()
    blamed = blamed_latents(misses)
    assert blamed["n_misses"].sum() == misses["blamed"].map(len).sum()


def test_average_length_gives_its_own_score(tiny_study: Study, judged: Judged) -> None:
    """Without a length to pay for (b = 0), the counterfactual is the score."""
    index = tiny_study.weighted(Bm25Parameters(b=0))
    query = csr_array(judged.counts[[0]])
    score, _ = contributions(index, query, 7)
    assert score_at_average(index, query, 7) == pytest.approx(score, rel=1e-5)


def test_no_first_place_is_refused(tiny_study: Study) -> None:
    with pytest.raises(UserError, match="expected 1 or more"):
        failures(tiny_study, k=0)
