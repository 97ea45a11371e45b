"""The items of a paper, a small module per group, in the order of `contents` and of the report."""

from __future__ import annotations

from importlib import import_module

from workbench.contents import CONTENTS
from workbench.paper.item import Item

ITEMS: tuple[Item, ...] = tuple(
    item
    for entry in CONTENTS
    if entry.item
    for item in import_module(f"workbench.paper.items.{entry.module}").ITEMS
)


def current_name(item: str) -> str:
    """An item's name, where an older one may have been typed or is in a figure's metadata."""
    return next((known.name for known in ITEMS if item in known.formerly), item)
