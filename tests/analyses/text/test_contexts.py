"""Contexts: quantile bands hold what they say, draws repeat, and a whole document's marks are its tokens."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from analyses.text.contexts import QUANTILES, bands, context_of, document_highlights, random_contexts
from retrieval.study import Study


@pytest.fixture(scope="module")
def latent(tiny_study: Study) -> int:
    """A latent of some hundred tokens."""
    counts = np.diff(tiny_study.contexts.ptr)
    return int(np.argsort(counts)[-40])


def test_bands_share_out_all_tokens_by_quantile(tiny_study: Study, latent: int) -> None:
    _, value = tiny_study.contexts.latent(latent)
    found = bands(tiny_study, latent)
    assert [(band.low, band.high) for band in found] == list(QUANTILES)
    assert sum(band.n_tokens for band in found) == len(value)
    for band in found:
        assert band.n_tokens == pytest.approx(len(value) / 4, abs=1)
        inside = (value >= band.weakest) & (value <= band.strongest)
        assert inside.sum() >= band.n_tokens
        assert 0 < len(band.contexts) <= 5
        assert len({context.doc_id for context in band.contexts}) == len(band.contexts)
        assert all(band.weakest <= context.activation <= band.strongest for context in band.contexts)
    for stronger, weaker in itertools.pairwise(found):
        assert weaker.strongest <= stronger.weakest
        assert stronger.weakest == pytest.approx(np.quantile(value, stronger.low), rel=0.1)


def test_a_draw_repeats_and_another_seed_draws_anew(tiny_study: Study, latent: int) -> None:
    assert bands(tiny_study, latent) == bands(tiny_study, latent)
    assert random_contexts(tiny_study, latent) == random_contexts(tiny_study, latent)
    assert random_contexts(tiny_study, latent) != random_contexts(tiny_study, latent, seed=1)


def test_a_latent_on_one_token_has_one_band_and_one_random_context(tiny_study: Study, latent: int) -> None:
    study, start = replace(tiny_study), int(tiny_study.contexts.ptr[latent])
    ptr = tiny_study.contexts.ptr.copy()
    ptr[latent + 1] = start + 1  # only the strongest token is left
    vars(study)["contexts"] = replace(tiny_study.contexts, ptr=ptr)
    (band,) = bands(study, latent)
    assert band.n_tokens == 1
    assert band.weakest == band.strongest == tiny_study.contexts.value[start]
    assert band.contexts == random_contexts(study, latent)


def test_a_context_may_be_of_a_token_on_which_the_latent_is_silent(tiny_study: Study, latent: int) -> None:
    fires = set(tiny_study.contexts.latent(latent)[0].tolist())
    spans = tiny_study.tokens.spans
    token = next(t for t in range(len(spans)) if t not in fires and spans[t, 1] > spans[t, 0])
    context = context_of(tiny_study, latent, token)
    assert context.activation == context.focus.value == 0
    text = tiny_study.corpus.texts[tiny_study.position[context.doc_id]]
    wanted = text[spans[token, 0] : spans[token, 1]]
    assert context.text[context.focus.start : context.focus.end] == wanted


def test_a_documents_highlights_are_its_tokens_with_the_latent(tiny_study: Study, latent: int) -> None:
    token, value = tiny_study.contexts.latent(latent)
    documents, spans = tiny_study.tokens.document_of(token), tiny_study.tokens.spans
    for document in np.unique(documents)[:5].tolist():
        marks = document_highlights(tiny_study, latent, tiny_study.corpus.ids[document])
        expected = {
            (int(spans[t, 0]), int(spans[t, 1]), float(v))
            for t, v in zip(token[documents == document].tolist(), value[documents == document], strict=True)
            if spans[t, 1] > spans[t, 0]
        }
        assert {(mark.start, mark.end, mark.value) for mark in marks} == expected
