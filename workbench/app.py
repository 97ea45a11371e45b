"""The app's navigation; workbench/server.py serves it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from workbench import ASSETS
from workbench.page import frame, links, selection
from workbench.page.hover import latent_hover
from workbench.page.palette import box
from workbench.page.sharing import login
from workbench.page.shell import sidebar, whole_page


def show(page: links.Page) -> None:
    """Run a page's view; a view is imported when its page opens, so that the first page waits for no other."""
    found = whole_page.opened()
    sidebar.show(page.slug, found[1] if found else None)
    whole_page.show(page, found)


# Each page has an address of its own; the bare address shows the first, and those of older versions lead to one.
PAGES = {
    slug: st.Page(partial(show, page), title=page.title, url_path=slug) for slug, page in links.PAGES.items()
}
HOME = st.Page(partial(show, links.PAGES[links.HOME]), title="Latent terms", default=True)
REDIRECTS = [
    st.Page(partial(frame.go, slug), title=links.PAGES[slug].title, url_path=former)
    for former, slug in links.FORMER.items()
]

st.set_page_config(
    page_title="Latent terms",
    page_icon=str(ASSETS / "icon.svg"),
    layout="wide",
    initial_sidebar_state=232,
)
st.html(ASSETS / "style.css")
if not login.admitted():
    st.stop()
chosen = st.navigation([HOME, *PAGES.values(), *REDIRECTS], position="hidden")
here = chosen.url_path or links.HOME
selection.arrive(here)
frame.follow_links(PAGES, here)
latent_hover.serve()
box.show()
chosen.run()
