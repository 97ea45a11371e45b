"""The items on where a ranking comes from, a module an aspect."""

from __future__ import annotations

from workbench.paper.item import Item
from workbench.paper.items.why import axioms, k1, ladder, match, pairs, scoring

ITEMS: tuple[Item, ...] = (
    *ladder.ITEMS,
    *scoring.ITEMS,
    *k1.ITEMS,
    *match.ITEMS,
    *pairs.ITEMS,
    *axioms.ITEMS,
)
