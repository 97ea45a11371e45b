"""A page as the app shows it: the context above, the tabs of its destination, then the page itself.

An address that names what is not there never opens the page: it says what was not found, and what there is.
"""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from retrieval.study import Study
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.shell import shell_html
from workbench.page import frame, links, selection
from workbench.page.shell import context, not_found
from workbench.page.shell.applies import tabs
from workbench.page.work import tray


def opened() -> tuple[cache.Key, Study] | None:
    """The chosen study; None where there is none, or it cannot be opened, which the page says."""
    with suppress(*frame.UNREADABLE):
        return frame.opened()
    return None


def show(page: links.Page, found: tuple[cache.Key, Study] | None) -> None:
    """Draw the context, the tabs and the page."""
    frame.guarded(lambda: _show(page, found))


def _show(page: links.Page, found: tuple[cache.Key, Study] | None) -> None:
    tray.show()
    context.bar(page, found)
    show_tabs(page, found[1] if found else None)
    here = selection.current()
    wrong = not_found.study(page, here) if found is None else not_found.of(page, *found, here)
    if wrong is None:
        frame.view(page).page()
        return
    st.html(highlight.calm(wrong.title, wrong.sentence))
    st.html(shell_html.choices(highlight.link_list(wrong.choices)))


def show_tabs(page: links.Page, study: Study | None) -> None:
    """The tabs of the page's destination, where there are several."""
    destination = links.destination_of(page.slug)
    pages = tabs(destination, study) if destination else ()
    if destination is None or (len(pages) < 2 and page in pages):
        return
    rows = ((one.tab, frame.address_in_context(one.slug), one == page) for one in pages)
    st.html(shell_html.places(rows, destination.title, "lt-tabs"))
