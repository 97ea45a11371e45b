"""What every page shares: the open study, links inside the app, figures, and calm states."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from analyses.figures.style import theme
from analyses.labels import notes_file
from data.errors import UserError
from retrieval.study import Study
from workbench import ASSETS
from workbench.caches import cache
from workbench.markup import glossary, highlight
from workbench.markup.glossary.of_pages import OF_PAGES
from workbench.page import links, selection
from workbench.page.basket import held
from workbench.page.evidence import chart_menu, record, tools
from workbench.page.evidence.call import Call
from workbench.page.sharing import own_notes
from workbench.page.work import made

PAGES, NARROW = "pages", "the window is narrow"
UNREADABLE = (UserError, OSError, LookupError, TypeError)  # what opening a damaged study raises
DEFAULT_PATH = Path("artifacts/studies")
notes_file.keep_copies(own_notes.copies)
ROUTER = st.components.v2.component(
    "router",
    js=(ASSETS / "router.js")
    .read_text(encoding="utf-8")
    .replace("PAGES", "|".join((*links.PAGES, *links.FORMER))),
)


def studies(arguments: Sequence[str] | None = None) -> dict[str, Path]:
    """Name -> folder of every study in the given paths, each a study or a folder of studies.

    Without paths, of those that the app was started with, and of what its jobs made.
    """
    paths = sys.argv[1:] if arguments is None else arguments
    folders: dict[str, Path] = {}
    given = [Path(argument) for argument in paths] or [DEFAULT_PATH]
    for path in (*given, *(made.made_here() if arguments is None else ())):
        inside = [path] if (path / "study.json").is_file() else sorted(path.glob("*/study.json"))
        for study in inside:
            folder = study.parent if study.name == "study.json" else study
            name, again = folder.name, 2
            while name in folders and folders[name].resolve() != folder.resolve():
                name, again = f"{folder.name}-{again}", again + 1
            folders[name] = folder
    return folders


def opened() -> tuple[cache.Key, Study]:
    """The chosen study; a missing or broken one is a `UserError`."""
    known = studies()
    if not known:
        raise UserError(
            "There is no study yet. Make one on the page Bring your own, of the destination Studies."
        )
    name = selection.current().get("study")
    if name is not None and name not in known:
        raise UserError(f'There is no study "{name}". Choose one of: {", ".join(known)}.')
    if name is None:
        name, broken = _first(known)
        if len(broken) < len(known):
            _say_left_out(broken)
        selection.choose(study=name)
    before: tuple[str, cache.Key, Study] | None = st.session_state.get(selection.OPENED)
    if before is not None and before[0] == name:
        record.opened(before[2])
        return before[1:]
    key = cache.key_of(known[name])
    study = cache.open_study(key)
    record.opened(study)
    cache.start_encoder(key, _import_views)
    st.session_state[selection.OPENED] = (name, key, study)
    return key, study


@dataclass(frozen=True)
class OpenStudy:
    """A study beside the chosen one, opened. collection: fingerprint of its documents."""

    key: cache.Key
    study: Study
    collection: str


def other_studies(study: Study) -> dict[str, OpenStudy]:
    """Name -> each other study of the app that can be opened; of the others, a note on the page says why not."""
    opened: dict[str, OpenStudy] = {}
    broken: list[str] = []
    for name, path in studies().items():
        if path.resolve() == study.path.resolve():
            continue
        try:
            opened[name] = _opened(path)
        except UNREADABLE as error:
            broken.append(_why_not(path, error))
    _say_left_out(broken)
    return opened


def _first(known: Mapping[str, Path]) -> tuple[str, list[str]]:
    """The first study that opens, or else the first of all; why those before it do not."""
    broken: list[str] = []
    name = next((each for each in known if _can_open(known[each], broken)), next(iter(known)))
    return name, broken


def _say_left_out(broken: Sequence[str]) -> None:
    if broken:
        st.html(highlight.note("Left out, since they cannot be opened: " + "; ".join(broken) + "."))


def _why_not(path: Path, error: BaseException) -> str:
    reason = str(error) if isinstance(error, UserError) else f"its study.json is damaged ({error!r})"
    return f"{path.name}: {reason}"


def _can_open(path: Path, broken: list[str]) -> bool:
    """Whether a study opens; why it does not is added to `broken`."""
    try:
        _opened(path)
    except UNREADABLE as error:
        broken.append(_why_not(path, error))
        return False
    return True


def _opened(path: Path) -> OpenStudy:
    key = cache.key_of(path)
    other = cache.open_study(key)
    return OpenStudy(key, other, str(other.manifest["collection"]["fingerprint"]))


def view(page: links.Page) -> ModuleType:
    """The module that draws a page; importing it takes a while the first time."""
    return import_module(f"workbench.views.{page.view}")


def _import_views() -> None:
    for page in links.PAGES.values():
        view(page)


def address(page: str, **chosen: object) -> str:
    """The address of a page in the chosen study."""
    here = selection.current()
    return links.href(page, study=here.get("study"), idf=here.get("idf"), **chosen)


def address_in_context(page: str) -> str:
    """The address of a page with all that is chosen and concerns it."""
    return links.href(page, **selection.written(page, selection.current()))


def follow_links(pages: Mapping[str, Any], here: str) -> None:
    """Turn a click on an inside link into a change of selection or of page, without a reload."""
    st.session_state[PAGES] = pages
    with st.container(key="router"):
        clicked = ROUTER(key="follow", on_follow_change=lambda: None, on_narrow_change=lambda: None)
    if clicked.narrow is not None:  # said once, and forgotten by Streamlit on the way to another page
        st.session_state[NARROW] = bool(clicked.narrow)
    target = links.parse(clicked.follow) if clicked.follow else None
    if target is not None:
        page, chosen = target[0], held.followed(target[1])
        if page == here:
            selection.choose(**chosen)
        else:
            go(page, **chosen)


def is_narrow() -> bool:
    """Whether the reader's window is as narrow as a phone, which the browser says once a page is there."""
    return bool(st.session_state.get(NARROW))


def guarded(page: Callable[[], None]) -> None:
    """Run a page; bad input shows one sentence, never a traceback."""
    record.begin()
    try:
        page()
        record.finish()
        tools.show()
    except UserError as error:
        from workbench.page.work import way_out  # which stands on this module

        st.html(highlight.calm("Nothing to show", str(error)))
        way_out.show(str(error))
    except Exception:
        logging.getLogger(__name__).exception("a page failed")
        st.html(
            highlight.calm(
                "This page failed",
                "Internal error: the terminal that runs the app shows it. Other pages still work.",
            )
        )


def go(page: str, **chosen: object) -> None:
    """Open a page with a selection."""
    st.switch_page(st.session_state[PAGES][page], query_params=selection.leave(page, **chosen))


def heading(title: str, question: str, method: str = "") -> None:
    """A page's title and the question it answers; behind "?" how that is done, and the terms that the page uses."""
    record.titled(title)
    entries = [found for found in map(glossary.entry, OF_PAGES.get(selection.page(), ())) if found]
    if not method and not entries:
        st.html(highlight.heading(title, question))
        return
    with st.container(key="heading", horizontal=True, vertical_alignment="top", gap="small"):
        st.html(highlight.heading(title, question), width="stretch")
        opened = st.popover("?", key=f"help {title}", on_change="rerun", type="tertiary")
    if opened.open:
        with opened:
            if method:
                st.markdown(method)
            st.html(highlight.glossary_list(entries))
            st.html(highlight.link("How to read: every term", address("how-to-read")))


def label(text: str) -> None:
    """A small heading over a part of a page."""
    st.html(highlight.label(text))


def show(
    chart: Figure, key: str, table: pd.DataFrame | None = None, call: Call | None = None, **options: Any
) -> Any:
    """Draw a figure in the colours of the reader's theme. table: what it draws; call: what gives that table."""
    record.record(key, chart, table, call)
    chart.update_layout(template=theme.template(dark=st.context.theme.type == "dark"))
    with st.container(key=f"figure-{chart_menu.name_of(key)}"):
        event = st.plotly_chart(chart, key=key, theme=None, **{"config": chart_menu.CONFIG, **options})
        chart_menu.menu(key)
    return event
