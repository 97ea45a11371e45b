"""What is in the basket: in the URL of every page while it is small, else in the session.

A link inside the app puts latents in with `put=4,7`, and takes them out with `drop=4`; see `followed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import streamlit as st

from workbench.page import selection

KEY, PUT, DROP = "basket", "put", "drop"
MOST_IN_URL, MOST = 40, 500
LARGE = "basket that is too large for the URL"  # in the session: the study's name and the latents


def latents(n_latents: int | None = None) -> tuple[int, ...]:
    """The latents of the basket, in the order in which they were put there. n_latents: of the SAE at hand."""
    here = selection.current()
    held = numbers(here.get(KEY, ""))
    if not held:
        study, large = st.session_state.get(LARGE, ("", ()))
        held = tuple(large) if study == here.get("study", "") else ()
    return tuple(latent for latent in held if n_latents is None or latent < n_latents)


def hold(wanted: Iterable[int]) -> None:
    """Make these the basket."""
    selection.choose(**{KEY: kept(wanted)})


def put(wanted: Iterable[int]) -> None:
    """Put latents in; those beyond MOST stay out."""
    hold([*latents(), *wanted])


def kept(wanted: Iterable[int]) -> str:
    """Keep these latents, each once: in the session where the URL is too short; what the URL says of them."""
    several = tuple(dict.fromkeys(wanted))[:MOST]
    st.session_state[LARGE] = (
        selection.current().get("study", ""),
        several if len(several) > MOST_IN_URL else (),
    )
    return ",".join(map(str, several)) if len(several) <= MOST_IN_URL else ""


def followed(chosen: Mapping[str, str]) -> dict[str, str]:
    """What a link chooses, with its PUT and DROP carried out."""
    rest = {name: value for name, value in chosen.items() if name not in (PUT, DROP)}
    if len(rest) == len(chosen):
        return rest
    dropped = set(numbers(chosen.get(DROP, "")))
    now = (*latents(), *numbers(chosen.get(PUT, "")))
    return rest | {KEY: kept(latent for latent in now if latent not in dropped)}


def numbers(text: str) -> tuple[int, ...]:
    """The latents that a text names, each once; what is no number is left out."""
    parts = (part.strip() for part in text.split(","))
    return tuple(
        dict.fromkeys(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)
    )
