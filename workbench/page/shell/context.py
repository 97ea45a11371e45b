"""The context above every page: study, query, idf, document and latent; each is changed and cleared here.

What a page reads of it (`contents`) is a control; what is chosen and the page does not read is named beside it,
quietly, and leads to a page that does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from retrieval.study import Study
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.shell import shell_html
from workbench.page import frame, idf, links, selection, url_widgets
from workbench.page.basket import offer
from workbench.page.shell import finders, not_found

N_FOUND, LONGEST = 10, 34
READ_BY = {
    "q": "search",
    "doc": "search",
    "latent": "latent",
}  # the page that a choice leads to from elsewhere
NAMES = {"q": "query", "doc": "document", "latent": "latent"}
Rows = Sequence[tuple[str, str]]  # text, address


def bar(page: links.Page, found: tuple[cache.Key, Study] | None) -> None:
    """Draw the context of a page."""
    with st.container(key="context", horizontal=True, vertical_alignment="center", gap="small"):
        choose_study()
        if found is None:
            return
        key, study = found
        not_found.resolved(page, study)
        if "q" in page.context:
            choose_query(page, study)
        if "idf" in page.context:
            idf.choose()
        if "doc" in page.context:
            choose_document(page, key, study)
        if "latent" in page.context:
            choose_latent(page, key, study)
        if rows := elsewhere(page, key, study):
            st.html(shell_html.chosen_elsewhere(rows), width="content")
        offer.show(study.n_latents)


def choose_study() -> None:
    """The study, where there are several; an unknown one is not found, and not the first."""
    names = list(frame.studies())
    here = selection.current().get("study", names[0] if names else "")
    if len(names) < 2:
        if names:
            st.html(highlight.label(names[0]), width="content")
        return
    chosen = st.selectbox(
        "Study",
        names,
        index=names.index(here) if here in names else None,
        placeholder="Choose a study",
        label_visibility="collapsed",
        key=f"study {here}",
        width=190,
    )
    if chosen is not None and chosen != here:
        selection.choose(study=chosen)
        st.rerun()


def choose_query(page: links.Page, study: Study) -> None:
    """The query as typed, and the collection's own queries to take one from."""
    query = url_widgets.text(
        "q",
        "Query",
        placeholder="Ask in your own words",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    if len(study.queries) or query:
        _finder(
            "q",
            query,
            "",
            "The collection's queries",
            lambda wanted: [
                (text, frame.address(page.slug, q=text)) for text in finders.queries(study, wanted, N_FOUND)
            ],
        )


def choose_document(page: links.Page, key: cache.Key, study: Study) -> None:
    """A document by its id, by words of its title, or among those that the query finds."""
    here = selection.current()
    doc_id, query = here.get("doc", ""), here.get("q", "") if "q" in page.context else ""
    if not doc_id and "q" in page.context and not query and page.slug != "search":
        return  # these pages begin with a query

    def rows(wanted: str) -> Rows:
        found = finders.documents(key, study, wanted, query, N_FOUND)
        return [(title, frame.address(page.slug, doc=one)) for one, title in found]

    _finder(
        "doc",
        doc_id,
        elided(title_of(study, doc_id)) if doc_id else "Document",
        "An id, or words of a title",
        rows,
    )


def choose_latent(page: links.Page, key: cache.Key, study: Study) -> None:
    """A latent by its number or by its label."""
    text = selection.current().get("latent", "")
    latent = not_found.number_of(text, study.n_latents)
    name = elided(text or "Latent" if latent is None else finders.named(cache.labels(key)[latent], latent))

    def rows(wanted: str) -> Rows:
        found = finders.latents(key, wanted, N_FOUND)
        return [(title, frame.address(page.slug, latent=one)) for one, title in found]

    _finder("latent", text, name, "A number, or part of a label", rows)


def _finder(name: str, value: str, shown: str, placeholder: str, rows: Callable[[str], Rows]) -> None:
    """A button that opens a search for one part of the context; what is found are links, and it can be cleared."""
    opened = st.popover(
        shown,
        key=f"find {name} {selection.page()} {value}",
        on_change="rerun",
        icon=":material/format_list_bulleted:" if name == "q" else None,
        help=placeholder if name == "q" else None,
        type="tertiary" if name == "q" or not value else "secondary",
    )
    if not opened.open:
        return
    with opened:
        wanted = st.text_input(
            placeholder, key=f"wanted {name} {value}", placeholder=placeholder, label_visibility="collapsed"
        )
        found = rows(wanted.strip())
        if found:
            st.html(highlight.link_list(found))
        elif wanted:
            st.html(highlight.note(f"Nothing found for “{wanted}”."))
        if value and st.button(f"Clear the {NAMES[name]}", key=f"clear {name}"):
            selection.choose(**{name: None})
            st.rerun()


def elsewhere(page: links.Page, key: cache.Key, study: Study) -> list[tuple[str, str, str]]:
    """What is chosen and this page does not read: name, value, and the address of a page that reads it."""
    here, rows = selection.current(), []
    for name, reads in READ_BY.items():
        value = here.get(name, "")
        if not value or name in page.context:
            continue
        latent = not_found.number_of(value, study.n_latents) if name == "latent" else None
        shown = {"doc": title_of(study, value), "q": value}.get(name, value)
        if latent is not None:
            shown = finders.named(cache.labels(key)[latent], latent)
        rows.append((NAMES[name], elided(shown), frame.address_in_context(reads)))
    return rows


def title_of(study: Study, doc_id: str) -> str:
    """A document's title, or its id where it has none or is not there."""
    row = study.position.get(doc_id)
    return (study.corpus.titles[row] if row is not None else "") or doc_id


def elided(text: str) -> str:
    """A text cut in the middle: long dotted titles differ at their ends."""
    if len(text) <= LONGEST:
        return text
    half = (LONGEST - 1) // 2
    return f"{text[:half]}…{text[-half:]}"
