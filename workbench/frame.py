"""What every page shares: which study is open, how links are followed, how figures and states are shown."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from plotly.graph_objects import Figure

from analyses.figures import theme
from data.errors import UserError
from retrieval.study import Study
from workbench import cache, highlight, links, selection

ASSETS = Path(__file__).parent / "assets"
PAGES = "pages"
DEFAULT_PATH = Path("artifacts/studies")
ROUTER = st.components.v2.component(
    "router", js=(ASSETS / "router.js").read_text(encoding="utf-8").replace("PAGES", "|".join(links.PAGES))
)


def studies(arguments: Sequence[str] | None = None) -> dict[str, Path]:
    """Name -> folder of every study in the given paths, each a study or a folder of studies."""
    given = sys.argv[1:] if arguments is None else arguments
    found: dict[str, Path] = {}
    for path in [Path(argument) for argument in given] or [DEFAULT_PATH]:
        inside = [path] if (path / "study.json").is_file() else sorted(path.glob("*/study.json"))
        for study in inside:
            folder = study.parent if study.name == "study.json" else study
            name, again = folder.name, 2
            while name in found and found[name].resolve() != folder.resolve():
                name, again = f"{folder.name}-{again}", again + 1
            found[name] = folder
    return found


def opened() -> tuple[cache.Key, Study]:
    """The chosen study; a missing or broken one is a `UserError`."""
    known = studies()
    if not known:
        raise UserError(
            "No study here yet. Make one with `make demo`, or with `workbench index`, and load this page again."
        )
    name = selection.current().get("study")
    if name is not None and name not in known:
        raise UserError(f'There is no study "{name}" here. Choose one of: {", ".join(known)}.')
    if name is None:
        name = next(iter(known))
        selection.choose(study=name)
    key = cache.key_of(known[name])
    study = cache.open_study(key)
    cache.start_encoder(key)
    return key, study


def address(page: str, **chosen: object) -> str:
    """The address of a page in the chosen study."""
    here = selection.current()
    return links.href(page, study=here.get("study"), idf=here.get("idf"), **chosen)


def follow_links(pages: Mapping[str, Any], here: str) -> None:
    """Turn a click on an inside link into a change of selection or of page, without a reload."""
    st.session_state[PAGES] = pages
    with st.container(key="router"):
        clicked = ROUTER(key="follow", on_follow_change=lambda: None)
    target = links.parse(clicked.follow) if clicked.follow else None
    if target is not None:
        page, chosen = target
        if page == here:
            selection.choose(**chosen)
        else:
            go(page, **chosen)


def sidebar() -> None:
    """Name of the app, and the choice of study where there are several."""
    with st.sidebar:
        st.html(highlight.brand("Latent terms", "the vocabulary inside a dense retriever"))
        names = list(studies())
        here = selection.current().get("study", names[0] if names else "")
        if len(names) > 1:
            chosen = st.selectbox(
                "Study",
                names,
                index=names.index(here) if here in names else None,
                placeholder="Choose a study",
                label_visibility="collapsed",
                key=f"study {here}",
            )
            if chosen is not None and chosen != here:
                selection.choose(study=chosen)
                st.rerun()
        elif names:
            st.html(highlight.label(f"Study {names[0]}"))


def guarded(page: Callable[[], None]) -> None:
    """Run a page; bad input is one calm sentence, never a traceback."""
    try:
        page()
    except UserError as error:
        st.html(highlight.calm("Nothing to show", str(error)))
    except Exception:
        logging.getLogger(__name__).exception("a page failed")
        st.html(
            highlight.calm(
                "This page failed", "The terminal that runs the app says why. Other pages still work."
            )
        )


def go(page: str, **chosen: object) -> None:
    """Open a page with a selection."""
    selection.choose(**chosen)
    st.switch_page(st.session_state[PAGES][page], query_params=selection.current())


def heading(title: str, question: str) -> None:
    """A page's title and the question it answers."""
    st.html(highlight.heading(title, question))


def label(text: str) -> None:
    """A small heading over a part of a page."""
    st.html(highlight.label(text))


def show(chart: Figure, key: str, **options: Any) -> Any:
    """Draw a figure in the colours of the reader's theme."""
    chart.update_layout(template=theme.template(dark=st.context.theme.type == "dark"))
    return st.plotly_chart(chart, key=key, theme=None, config={"displayModeBar": False}, **options)
