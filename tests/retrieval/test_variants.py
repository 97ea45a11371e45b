"""Variants with the study's own SAE give the study's own counts and rankings, whatever the blocks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array, vstack

from data.activations import write_store
from data.encoders import Encoder
from data.errors import UserError
from data.ragged import Ragged, offsets_of
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import study_queries
from retrieval.study import Study
from retrieval.systems import rank_all
from retrieval.variants import (
    SpooledCounts,
    check_store,
    count_blocks,
    counts_of,
    counts_of_queries,
    document_blocks,
    encoded_blocks,
    latent_runs,
    parts,
)
from sae.model import SparseAutoencoder


@pytest.fixture(scope="module")
def counts(tiny_study: Study, tiny_sae: SparseAutoencoder, encoder: Encoder) -> csr_array:
    return csr_array(vstack([*count_blocks(tiny_sae, document_blocks(tiny_study, encoder))], format="csr"))


def test_counts_are_those_of_the_study(tiny_study: Study, counts: csr_array) -> None:
    dense = counts.toarray()
    for document in (0, len(tiny_study.corpus) // 2, len(tiny_study.corpus) - 1):
        terms, counts = tiny_study.index.document_row(document)
        np.testing.assert_array_equal(np.flatnonzero(dense[document]), terms)
        np.testing.assert_array_equal(dense[document, terms], counts)


def test_queries_are_those_of_the_study(
    tiny_study: Study, tiny_sae: SparseAutoencoder, encoder: Encoder
) -> None:
    ours = counts_of_queries(tiny_study, tiny_sae, encoder)
    np.testing.assert_array_equal(ours.toarray(), tiny_study.query_counts.toarray())


@pytest.mark.parametrize("n_blocks", [1, 3])
def test_runs_are_those_of_the_study_whatever_the_blocks(
    tiny_study: Study, counts: csr_array, n_blocks: int, tmp_path: Path
) -> None:
    edges = np.linspace(0, counts.shape[0], n_blocks + 1).astype(int)
    blocks = [counts[start:stop] for start, stop in pairwise(edges)]
    parameters = {"latent": Bm25Parameters(), "latent_lucene_idf": Bm25Parameters(idf="lucene")}
    runs = latent_runs(tiny_study, blocks, tiny_study.query_counts, parameters, 20, tmp_path)
    expected = rank_all(tiny_study, study_queries(tiny_study), 20)
    for name, run in runs.items():
        np.testing.assert_array_equal(run.documents, expected[name].documents)
        np.testing.assert_array_equal(run.scores, expected[name].scores)
    assert not list(tmp_path.iterdir())


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=20),
    at_once=st.integers(1, 50),
)
def test_parts_are_whole_texts_and_nothing_is_lost(lengths: list[int], at_once: int) -> None:
    states = Ragged(np.arange(sum(lengths))[:, None], offsets_of(lengths))
    pieces = list(parts(states, at_once))
    np.testing.assert_array_equal(np.concatenate([piece.values for piece in pieces]), states.values)
    assert [int(n) for piece in pieces for n in piece.lengths] == lengths
    assert all(len(piece.values) <= at_once or len(piece) == 1 for piece in pieces)


def test_counts_of_a_text_do_not_depend_on_the_texts_beside_it(
    tiny_sae: SparseAutoencoder, make_ragged: Ragged
) -> None:
    together = counts_of(tiny_sae, make_ragged).toarray()
    for row in range(len(make_ragged)):
        alone = Ragged(make_ragged[row], offsets_of([len(make_ragged[row])]))
        np.testing.assert_array_equal(counts_of(tiny_sae, alone).toarray()[0], together[row])


@pytest.fixture(scope="module")
def make_ragged(tiny_study: Study, encoder: Encoder) -> Ragged:
    return encoder.encode(tiny_study.corpus.texts[:5]).states


def test_spooled_counts_come_back_in_order(counts: csr_array, tmp_path: Path) -> None:
    spool = SpooledCounts(tmp_path)
    for start in range(0, counts.shape[0], 7):
        spool.append(counts[start : start + 7])
    back = csr_array(vstack([*spool], format="csr"))
    np.testing.assert_array_equal(back.toarray(), counts.toarray())


def test_progress_reaches_all_texts(tiny_study: Study, encoder: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    texts = tiny_study.corpus.texts[:20]
    for _ in encoded_blocks(encoder, texts, "document", lambda *now: seen.append(now)):
        pass
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


def test_a_store_gives_the_same_states_and_anothers_is_refused(
    tiny_study: Study, encoder: Encoder, tmp_path: Path
) -> None:
    collection = tiny_study.manifest["collection"]
    source = {"name": collection["name"], "fingerprint": collection["fingerprint"]}
    store = write_store(tmp_path / "store", encoder, tiny_study.corpus.texts, source)
    stored = [*document_blocks(tiny_study, encoder, store)]
    encoded = [*document_blocks(tiny_study, encoder)]
    for one, other in zip(stored, encoded, strict=True):
        np.testing.assert_array_equal(one.states.values, other.states.values)
    with pytest.raises(UserError, match="every document"):
        check_store(
            replace(store, plan={**store.plan, "source": {**source, "documents": "some"}}),
            tiny_study,
            encoder,
        )
    with pytest.raises(UserError, match="give no store"):
        check_store(store, tiny_study, encoder.at_layer(2))
