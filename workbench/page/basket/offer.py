"""Links that put latents in the basket or take them out, beside what a page shows of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import streamlit as st

from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.markup.results import basket_html
from workbench.page import frame, selection
from workbench.page.basket import held


def mark(latent: int, inside: Collection[int]) -> str:
    """HTML of a small link beside a latent; inside: what the basket holds."""
    is_in = latent in inside
    return basket_html.mark(latent, is_in, address([latent], held.DROP if is_in else held.PUT))


def address(latents: Iterable[int], what: str) -> str:
    """The address of the page at hand, with latents put in or taken out."""
    return frame.address(selection.page(), **{what: ",".join(map(str, latents))})


def several(latents: Collection[int], what: str) -> None:
    """A link that puts all of these in; what: "of this breakdown". Nothing where all are in; too many is said."""
    inside = set(held.latents())
    missing = [latent for latent in latents if latent not in inside]
    if len(latents) > held.MOST:
        st.html(highlight.note(f"The basket holds {count(held.MOST)} latents at most: choose fewer."))
        return
    if not missing:
        return
    text = f"Put the {count(len(missing))} latents {what} in the basket"
    if len(missing) == 1:
        text = f"Put the latent {what} in the basket"
    st.html(basket_html.line(text, address(missing, held.PUT)))


def show(n_latents: int) -> None:
    """In the context: how many latents the basket holds, as a link to it; nothing while it is empty."""
    if found := held.latents(n_latents):
        st.html(basket_html.in_context(len(found), frame.address_in_context("basket")), width="content")
