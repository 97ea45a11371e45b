"""The reader's selection: study, query, document, latent ... The URL holds it, and it travels across pages.

The URL wins on arrival, so that a shared link or a reload restores it; what the URL leaves out comes from the
session, so that a choice made on one page is still there on the next. KEYS lists the URL's parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import streamlit as st

KEYS = (
    *("study", "q", "doc", "latent", "idf", "job", "sae", "others"),
    *("find", "type", "band", "alive", "noted", "colour", "rule", "word", "word2", "text", "text2", "kind"),
    *("other", "part", "credit", "beside"),
    *("prune", "where", "share", "b", "measure", "against"),
    *("latents", "preset", "place", "factor", "mass", "length", "change", "k1", "phi"),
    *("k", "reason", "found", "blame", "gain", "words", "system", "fusions"),
    *("count", "over", "law", "cell"),
    *("section", "sort", "columns"),
    *("paper", "item", "wide", "ratio", "points", "legend", "grey"),
)
# a new value of the first makes an old value of the others meaningless
DEPENDENT = {
    "study": ("q", "doc", "latent", "find", "noted", "sae", "others", "other", "cell"),
    "q": ("doc", "other", "latents"),
    "paper": ("item", "wide", "ratio", "points", "legend"),
    "item": ("wide", "ratio", "points", "legend"),
}
STORE, PAGE = "selection", "page that runs"


def merged(kept: Mapping[str, str], address: Mapping[str, str]) -> dict[str, str]:
    """The selection after arriving at an address: its values, then the kept ones that still have meaning."""
    stale = {
        key
        for parent, children in DEPENDENT.items()
        if parent in address and parent in kept and address[parent] != kept[parent]
        for key in children
    }
    old = {key: value for key, value in kept.items() if key not in stale}
    return {**old, **{key: address[key] for key in KEYS if address.get(key)}}


def changed(kept: Mapping[str, str], changes: Mapping[str, object]) -> dict[str, str]:
    """The selection after a choice; a change to None or "" removes a key, and what depends on it."""
    values = {key: str(value) for key, value in changes.items() if value not in (None, "")}
    selection = merged(kept, values)
    for key in changes:
        if key not in values:
            for gone in (key, *DEPENDENT.get(key, ())):
                if gone not in values:
                    selection.pop(gone, None)
    return selection


def arrive(page: str = "") -> None:
    """Take up the URL's selection, at the start of each run of a page."""
    _session()[PAGE] = page
    _store(merged(current(), st.query_params.to_dict()))


def page() -> str:
    """The page that runs."""
    return str(_session().get(PAGE, ""))


def current() -> dict[str, str]:
    """The selection, as text."""
    return dict(_session().get(STORE, {}))


def choose(**changes: object) -> None:
    """Change the selection, and the URL with it."""
    _store(changed(current(), changes))


def _store(selection: dict[str, str]) -> None:
    _session()[STORE] = selection
    if st.query_params.to_dict() != selection:
        st.query_params.from_dict(selection)


def _session() -> MutableMapping[str, Any]:
    return st.session_state  # type: ignore[return-value]
