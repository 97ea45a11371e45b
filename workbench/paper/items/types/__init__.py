"""Items on types: their shares, and examples of each."""

from workbench.paper.items.types import examples, shares

ITEMS = (*shares.ITEMS, *examples.ITEMS)
