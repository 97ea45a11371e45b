"""Addresses inside the app: the pages of `contents`, and a page with its selection as one URL to share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import parse_qsl, urlencode, urlsplit

from workbench.contents import CONTENTS
from workbench.contents_entry import Group, Need


@dataclass(frozen=True)
class Page:
    """slug: its address. view: its module in workbench.views. formerly: older addresses that lead to it.

    tab: its name among the tabs of its destination; menu: whether it is one of them. needs: what a study must have
    for the page to apply. context: what of the context it reads; keys: which further parameters.
    """

    slug: str
    title: str
    view: str
    formerly: tuple[str, ...] = ()
    tab: str = ""
    menu: bool = True
    needs: Need | None = None
    context: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Destination:
    """A place of the sidebar. slug: address of its first page. pages: its tabs, and those that have none."""

    slug: str
    title: str
    pages: tuple[Page, ...]


def _pages(group: Group) -> tuple[Page, ...]:
    """The pages of a group, those that stand behind the others last."""
    of_group = [entry for entry in CONTENTS if entry.group == group]
    return tuple(
        Page(
            entry.slug,
            entry.title,
            f"{entry.view}.{entry.module}",
            tuple(entry.former("page")),
            entry.tab or entry.title,
            entry.menu,
            entry.needs,
            tuple(entry.context.split()),
            tuple(entry.keys.split()),
        )
        for entry in sorted(of_group, key=lambda entry: entry.last)
    )


# The ten places of the sidebar, in its order, and the pages that every page leads to at the sidebar's foot.
DESTINATIONS: tuple[Destination, ...] = tuple(
    Destination(pages[0].slug, group, pages)
    for group, pages in ((group, _pages(group)) for group in get_args(Group) if group != "Guide")
)
GUIDE: tuple[Page, ...] = _pages("Guide")
HOME = DESTINATIONS[0].slug
PAGES: Mapping[str, Page] = {
    page.slug: page for pages in (*(one.pages for one in DESTINATIONS), GUIDE) for page in pages
}
FORMER: Mapping[str, str] = {
    old: page.slug for page in PAGES.values() for old in page.formerly if old not in PAGES
}


def destination_of(page: str) -> Destination | None:
    """The destination that a page belongs to; None for the guide, and for what is no page."""
    return next((one for one in DESTINATIONS if page in (each.slug for each in one.pages)), None)


def href(page: str, **selection: object) -> str:
    """The address of a page with a selection; values that are None are left out, an empty one clears its key."""
    chosen = {key: str(value) for key, value in selection.items() if value is not None}
    return f"{page}?{urlencode(chosen)}"


def parse(address: str) -> tuple[str, dict[str, str]] | None:
    """Page and selection of an address that `href` made, of an older version too; None for any other text."""
    parts = urlsplit(address)
    page = FORMER.get(parts.path, parts.path)
    if parts.scheme or parts.netloc or page not in PAGES:
        return None
    return page, dict(parse_qsl(parts.query, keep_blank_values=True))
