"""The app's navigation; workbench/server.py serves it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from workbench import ASSETS
from workbench.page import frame, links, selection
from workbench.page.palette import box
from workbench.page.sharing import login


def show(page: links.Page) -> None:
    """Run a page's view; a view is imported when its page opens, so that the first page waits for no other."""
    frame.view(page).page()


# Each page has an address of its own; the bare address, and those of older versions, lead to one.
PAGES = {
    slug: st.Page(partial(show, page), title=page.title, url_path=slug) for slug, page in links.PAGES.items()
}
HOME = st.Page(partial(frame.go, "overview"), title="Latent terms", visibility="hidden", default=True)
REDIRECTS = [
    st.Page(partial(frame.go, slug), title=links.PAGES[slug].title, url_path=former, visibility="hidden")
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
chosen = st.navigation(
    {"": [HOME, *REDIRECTS]}
    | {group: [PAGES[page.slug] for page in pages] for group, pages in links.GROUPS.items()},
    expanded=True,
)
selection.arrive(chosen.url_path)
frame.follow_links(PAGES, chosen.url_path)
frame.sidebar()
box.show()
frame.guarded(chosen.run)
