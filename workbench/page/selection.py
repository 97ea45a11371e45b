"""The reader's selection: study, query, document, latent ... The URL holds it, and it travels across pages.

The URL wins on arrival, so that a shared link, a reload or the browser's Back restores it; what a page's URL leaves
out is not chosen there. What other pages have of their own stays in the session, so that it is still there on the
return, and is not in the URL meanwhile. KEYS lists the URL's parameters, `contents` those of each page.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import streamlit as st

from workbench.page import links

CONTEXT = ("study", "q", "idf", "doc", "latent")  # of every page, in this order
OF_EVERY_PAGE = ("basket",)  # of every page beside the context, and of none in particular
KEYS = (
    *("study", "q", "doc", "latent", "idf", "job", "sae", "others"),
    *("find", "type", "band", "alive", "noted", "colour", "rule", "word", "word2", "text", "text2", "kind"),
    *("other", "part", "credit", "beside", "shown", "by", "look", "q2", "facet"),
    *("prune", "where", "share", "b", "measure", "against"),
    *("latents", "preset", "place", "factor", "mass", "length", "change", "k1", "unit", "units", "phi"),
    *("k", "reason", "found", "blame", "gain", "words", "system", "fusions"),
    *("count", "over", "law", "cell"),
    *("section", "sort", "columns"),
    *("paper", "item", "wide", "ratio", "points", "legend", "grey"),
    *("term", "bring"),
    *OF_EVERY_PAGE,
)
# a new value of the first makes an old value of the others meaningless
DEPENDENT = {
    "study": ("q", "doc", "latent", "find", "noted", "sae", "others", "other", "cell", "shown", "basket"),
    "q": ("doc", "other", "latents", "shown"),
    "paper": ("item", "wide", "ratio", "points", "legend"),
    "item": ("wide", "ratio", "points", "legend"),
}
STORE, PAGE, WRITTEN = "selection", "page that runs", "address as written"
OPENED = "study of this run"  # which `frame.opened` checks once a run
DECLARED = frozenset(key for page in links.PAGES.values() for key in page.keys)


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


def arrived(kept: Mapping[str, str], address: Mapping[str, str], page: str) -> dict[str, str]:
    """The selection after an arrival at an address that the app did not write: what its page has of its own, or of
    the context, and the address leaves out, is not chosen.
    """
    missing = {key: None for key in kept if concerns(page, key) and not address.get(key)}
    known = {key: address[key] for key in KEYS if address.get(key)}
    return changed(kept, {**missing, **known})


def concerns(page: str, key: str) -> bool:
    """Whether a parameter is in the URL of a page: of the context, of this page, or of no page in particular."""
    own = links.PAGES[page].keys if page in links.PAGES else KEYS
    return key in (*CONTEXT, *OF_EVERY_PAGE) or key in own or key not in DECLARED


def written(page: str, selection: Mapping[str, str]) -> dict[str, str]:
    """The part of a selection that the URL of a page holds, the context first."""
    order = (*CONTEXT, *(key for key in selection if key not in CONTEXT))
    return {key: selection[key] for key in order if key in selection and concerns(page, key)}


def arrive(page: str = "") -> None:
    """Take up the URL's selection, at the start of each run of a page."""
    session, address = _session(), st.query_params.to_dict()
    session[PAGE] = page
    session.pop(OPENED, None)
    if session.get(WRITTEN) != (page, address):
        _store(arrived(current(), address, page))


def leave(page: str, **changes: object) -> dict[str, str]:
    """The URL's parameters on the way to another page of the app with a choice made; the address that is left stays
    as it is, so that the browser's Back finds it so.
    """
    session = _session()
    session[STORE] = changed(current(), changes)
    address = written(page, session[STORE])
    session[WRITTEN] = (page, address)
    return address


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
    session = _session()
    session[STORE] = selection
    address = written(page(), selection)
    session[WRITTEN] = (page(), address)
    if st.query_params.to_dict() != address:
        st.query_params.from_dict(address)


def _session() -> MutableMapping[str, Any]:
    return st.session_state  # type: ignore[return-value]
