"""Near misses: silent tokens, with the pre-activations that the SAE gives their states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import rel_entr

from analyses.dictionary.near_misses import NEARLY, candidate_documents, near_misses
from data.errors import UserError
from retrieval.study import Study


@pytest.fixture(scope="module")
def latent(tiny_study: Study) -> int:
    return int(np.argsort(tiny_study.index.document_frequency)[-60])


def test_near_misses_are_the_closest_silent_tokens(tiny_study: Study, latent: int) -> None:
    """Against every pre-activation of the same documents."""
    found = near_misses(tiny_study, latent)
    documents = candidate_documents(tiny_study, latent)
    assert found.n_documents == len(documents) > 0
    tokens, best, n_tokens = tiny_study.tokens, {}, 0
    shown_reach = {miss.context.doc_id: miss.pre_activation / miss.cutoff for miss in found.misses}
    for document in documents.tolist():
        rows = tokens.document(document)
        states = tiny_study.encoder.encode([tiny_study.corpus.texts[document]]).states.values
        pre = tiny_study.sae.pre_activations(states).numpy()
        spans = tokens.spans[rows]
        cutoff = np.sort(pre, axis=1)[:, -tiny_study.sae.k]
        shown = spans[:, 1] > spans[:, 0]
        n_tokens += int(shown.sum())
        # As the study holds it: by pre-activations anew a token at its cutoff may fall on either side.
        fires = ((tokens.indices[rows] == latent) & (tokens.activations[rows] > 0)).any(axis=1)
        silent = shown & (pre[:, latent] > 0) & ~fires
        doc_id = tiny_study.corpus.ids[document]
        if silent.any():
            reach, strength = (pre[:, latent] / cutoff)[silent], pre[:, latent][silent]
            best[doc_id] = strength[reach >= NEARLY].max() if reach.max() >= NEARLY else reach.max()
            if doc_id in shown_reach:
                assert (shown_reach[doc_id] >= NEARLY) == (reach.max() >= NEARLY)
    assert found.n_tokens == n_tokens
    assert len(shown_reach) == len(found.misses) > 0
    near = [miss.pre_activation for miss in found.misses if miss.pre_activation / miss.cutoff >= NEARLY]
    rest = [reach for reach in shown_reach.values() if reach < NEARLY]
    assert near == sorted(near, reverse=True)
    assert rest == sorted(rest, reverse=True)
    assert list(shown_reach.values())[len(near) :] == rest
    assert [*near, *rest] == pytest.approx([best[doc_id] for doc_id in shown_reach], rel=0.02)
    for miss in found.misses:
        assert miss.place > tiny_study.sae.k
        assert miss.context.activation == 0
        assert miss.context.focus.end > miss.context.focus.start


def test_candidates_hold_a_liked_wordpiece_on_which_the_latent_is_silent(
    tiny_study: Study, latent: int
) -> None:
    token, value = tiny_study.contexts.latent(latent)
    ids = np.asarray(tiny_study.tokens.token_ids)
    here = np.bincount(ids[token], weights=value, minlength=len(tiny_study.wordpieces))
    everywhere = np.bincount(ids, minlength=len(tiny_study.wordpieces))
    liked = np.argsort(-rel_entr(here / here.sum(), everywhere / len(ids)), kind="stable")[:8]
    chosen = candidate_documents(tiny_study, latent, n_documents=6)
    assert len(chosen) == 6
    assert np.array_equal(chosen, candidate_documents(tiny_study, latent, n_documents=6))
    for document in chosen.tolist():
        rows = np.arange(*tiny_study.tokens.offsets[document : document + 2])
        assert np.isin(ids[np.setdiff1d(rows, token)], liked).any()


def test_another_tokenizer_is_one_sentence(tiny_study: Study, latent: int) -> None:
    study = replace(tiny_study)
    vars(study)["tokens"] = replace(tiny_study.tokens, token_ids=tiny_study.tokens.token_ids + 1)
    vars(study)["wordpieces"] = [*tiny_study.wordpieces, "more"]
    with pytest.raises(UserError, match="other tokens than the study holds"):
        near_misses(study, latent)
