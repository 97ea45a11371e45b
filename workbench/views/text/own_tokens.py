"""A text of the reader's own, token by token, coloured by the activation of the chosen latent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import pandas as pd
import streamlit as st

from analyses.dictionary.your_text import ReadText
from analyses.text.latent_names import latent_name
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame

N_HOVER = 16


class ReadToken(NamedTuple):
    """A token as it is shown: span, activation of the chosen latent, note on its latents, link to the strongest."""

    start: int
    end: int
    activation: float
    note: str
    address: str
    token: str


def read_tokens(tokens: pd.DataFrame, latent: int) -> list[ReadToken]:
    """The tokens of `ReadText.tokens`, with the activation of `latent`; a link leads to the strongest."""
    names = ("position", "token", "start", "end", "latent", "label", "activation")
    rows = zip(*(tokens[name].tolist() for name in names), strict=True)
    return [
        ReadToken(
            start,
            end,
            max((activation for *_, other, _, activation in group if other == latent), default=0.0),
            hover_note([(latent_name(other, label), activation) for *_, other, label, activation in group]),
            frame.address("your-text", latent=strongest),
            token,
        )
        for group in (list(group) for _, group in groupby(rows, key=itemgetter(0)))
        for _, token, start, end, strongest, *_ in group[:1]
    ]


def show_text(text: ReadText, latent: int) -> None:
    """The text, each token coloured by the activation of the chosen latent and linked to its own strongest."""
    tokens = read_tokens(text.tokens, latent)
    largest = max((token.activation for token in tokens), default=0.0) or 1.0
    body = highlight.token_text(
        text.text[: text.read], [token[:5] for token in tokens if token.end > token.start], largest
    )
    special = "".join(
        highlight.token_link(
            token.token, token.activation / largest, token.note, token.address, "lt-token lt-special"
        )
        for token in tokens
        if token.start == token.end
    )
    st.html(f'<div class="lt-own">{body}{highlight.unread(text.text[text.read :])} {special}</div>')
    if text.text[text.read :].strip():
        st.caption(
            f"The encoder reads {count(len(text.encoded.token_ids))} tokens of this text; the rest is pale."
        )


def hover_note(latents: Sequence[tuple[str, float]]) -> str:
    """The latents of one token, (name, activation), strongest first: a line each of the first."""
    lines = [f"{activation:.2f}  {name}" for name, activation in latents[:N_HOVER]]
    more = len(latents) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more else lines)
