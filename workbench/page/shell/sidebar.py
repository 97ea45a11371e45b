"""The sidebar: the app's name, the ten destinations, the guide, and what a shared app does not do."""

from __future__ import annotations

import streamlit as st

from retrieval.study import Study
from workbench.markup import highlight
from workbench.markup.shell import shell_html
from workbench.page import frame, links
from workbench.page.sharing import login, offers
from workbench.page.shell.applies import tabs


def show(page: str, study: Study | None) -> None:
    """Draw the sidebar, beside a page of this slug."""
    here = links.destination_of(page)
    places = (
        (one.title, frame.address_in_context(tabs(one, study)[0].slug), one is here)
        for one in links.DESTINATIONS
    )
    guide = ((one.title, frame.address_in_context(one.slug), one.slug == page) for one in links.GUIDE)
    with st.sidebar:
        st.html(highlight.brand("Latent terms", "the vocabulary inside a dense retriever"))
        st.html(shell_html.places(places, "Destinations", "lt-places-nav"))
        st.html(shell_html.places(guide, "Guide", "lt-guide-nav"))
        offers.show_line()
        login.show_logout()
