"""Addresses inside the app: the pages of `contents`, and a page with its selection as one URL to share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import parse_qsl, urlencode, urlsplit

from workbench.contents import CONTENTS, Group


@dataclass(frozen=True)
class Page:
    """slug: its address. view: its module in workbench.views. formerly: older addresses that lead to it."""

    slug: str
    title: str
    view: str
    formerly: tuple[str, ...] = ()


def _pages(group: Group) -> tuple[Page, ...]:
    return tuple(
        Page(entry.slug, entry.title, f"{entry.view}.{entry.module}", tuple(entry.former("page")))
        for entry in CONTENTS
        if entry.group == group
    )


# Group -> its pages, in the order of the sidebar.
GROUPS: Mapping[str, tuple[Page, ...]] = {group: _pages(group) for group in get_args(Group)}
PAGES: Mapping[str, Page] = {page.slug: page for pages in GROUPS.values() for page in pages}
FORMER: Mapping[str, str] = {
    old: page.slug for page in PAGES.values() for old in page.formerly if old not in PAGES
}


def href(page: str, **selection: object) -> str:
    """The address of a page with a selection; values that are None are left out."""
    chosen = {key: str(value) for key, value in selection.items() if value is not None}
    return f"{page}?{urlencode(chosen)}"


def parse(address: str) -> tuple[str, dict[str, str]] | None:
    """Page and selection of an address that `href` made, of an older version too; None for any other text."""
    parts = urlsplit(address)
    page = FORMER.get(parts.path, parts.path)
    if parts.scheme or parts.netloc or page not in PAGES:
        return None
    return page, dict(parse_qsl(parts.query))
