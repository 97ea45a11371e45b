"""Every statistic on screen: its name, its meaning in a line, and its formula.

Tooltips of tables, figures and sliders come from here, and the page How to read prints the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workbench.markup.glossary.chance import CHANCE
from workbench.markup.glossary.entry import Entry
from workbench.markup.glossary.latents import LATENTS, TYPES
from workbench.markup.glossary.laws import LAWS
from workbench.markup.glossary.rankings import CREDIT, MISSES, RANKINGS, SCORES
from workbench.markup.glossary.reading import READING
from workbench.markup.glossary.saes import PEERS, SAES
from workbench.markup.glossary.why import WHY

__all__ = ["SECTIONS", "Entry", "entry", "tooltip"]

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "A latent": LATENTS,
    "Types of latents": TYPES,
    "A score": SCORES,
    "Why a document ranks where it does": (*CREDIT, *CHANCE),
    "Where a ranking comes from": WHY,
    "A system": RANKINGS,
    "A missed document": MISSES,
    "What rankings read": READING,
    "An SAE": SAES,
    "Is it a language?": LAWS,
    "Names in SAELens and Neuronpedia": PEERS,
}
# what a name may bear that does not change what it names: "nDCG@10 lost (95%)" is "nDCG@10 lost"
DECORATION = re.compile(r"\s*\([^)]*\)|, 95%.*$|, at (?:the )?(?:least|most)$")


_BY_NAME = {
    name.lower(): each
    for entries in SECTIONS.values()
    for each in entries
    for name in (*each.also, each.name)
}


def entry(name: str) -> Entry | None:
    """The entry of a statistic, by any of its names; None for what is no statistic."""
    return _BY_NAME.get(name.lower()) or _BY_NAME.get(DECORATION.sub("", name).strip().lower())


def tooltip(name: str) -> str:
    """Meaning and formula of a statistic; "" for what is none."""
    found = entry(name)
    return found.tooltip if found else ""
