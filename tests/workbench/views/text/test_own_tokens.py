"""Each token of a reader's text with its latents: nothing of a latent is lost, and the strongest comes first."""

from __future__ import annotations

import pytest

from analyses.dictionary.your_text import ReadText, read_text
from retrieval.study import Study
from workbench.page import frame
from workbench.views.text.own_tokens import N_HOVER, hover_note, read_tokens


@pytest.fixture(scope="module")
def text(tiny_study: Study) -> ReadText:
    return read_text(tiny_study, "Sort the rows of an array, then sum them.")


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "address", lambda page, **chosen: f"{page}?latent={chosen['latent']}")


def test_a_latents_activations_sum_to_its_mass(text: ReadText) -> None:
    summed = dict(zip(text.pooled["latent"], text.pooled["mass"], strict=True))
    for latent in [*text.pooled["latent"].head(5).tolist(), -1]:
        tokens = read_tokens(text.tokens, latent)
        assert sum(token.activation for token in tokens) == pytest.approx(summed.get(latent, 0), rel=1e-5)


def test_a_token_leads_to_its_strongest_latent_and_says_it_first(text: ReadText) -> None:
    tokens = read_tokens(text.tokens, 0)
    assert [token.start for token in tokens if token.end] == sorted({t.start for t in tokens if t.end})
    for token, (_, rows) in zip(tokens, text.tokens.groupby("position"), strict=True):
        strongest = rows.loc[rows["activation"].idxmax()]
        assert token.address == f"your-text?latent={strongest['latent']}"
        assert token.note.startswith(f"{strongest['activation']:.2f}")
        assert len(token.note.splitlines()) == len(rows)


def test_more_latents_than_are_named_are_counted() -> None:
    note = hover_note([("word", 2.0), *[("", 1.0)] * (N_HOVER + 2)])
    assert note.splitlines()[0] == "2.00  word"
    assert note.splitlines()[-1] == "and 3 more"
    assert len(note.splitlines()) == N_HOVER + 1
