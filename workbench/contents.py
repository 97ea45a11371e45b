"""The one list of what the workbench offers: a slug names a page, a verb and a paper's items of one analysis alike.

Pages (workbench/page/links.py), verbs (workbench/verbs/registry.py) and items (workbench/paper/items_list.py)
are read off it, in this order. A new analysis is a line here, and files named after its slug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["Study", "Ranking", "Vocabulary", "Paper", "Guide"]
Panel = Literal["make", "read", "rank", "look"]


@dataclass(frozen=True)
class Entry:
    """slug: address of the page, name of the verb, and of the modules with _ for -.

    title, group, view: of its page, where in the sidebar, its folder in workbench/views. verb: the folder of its
    verb in workbench/verbs. item: whether workbench/paper/items has a module of it. formerly: older addresses and
    names of verbs, which go on working; "page:" or "verb:" before one that was only that.
    """

    slug: str
    title: str = ""
    group: Group | None = None
    view: str = ""
    verb: Panel | None = None
    item: bool = False
    formerly: tuple[str, ...] = ()

    def former(self, kind: Literal["page", "verb"]) -> list[str]:
        """Its older addresses, or the older names of its verb."""
        named = (name.rpartition(":") for name in self.formerly)
        return [name for before, _, name in named if before in ("", kind)]

    @property
    def module(self) -> str:
        """The name of its modules."""
        return self.slug.replace("-", "_")


CONTENTS = (
    Entry("demo", verb="make"),
    Entry("overview", "Overview", "Study", "studies"),
    Entry("train", "Train", "Study", "studies", verb="make"),
    Entry("import-sae", verb="make"),
    Entry("index", verb="make"),
    Entry("complete", verb="make"),
    Entry("check", verb="look"),
    Entry("saes", "SAEs", "Study", "studies"),
    Entry("sae-card", verb="make"),
    Entry("compare-saes", verb="make"),
    Entry("sweep-layers", verb="make"),
    Entry("pretrain", verb="make"),
    Entry("compare-collections", "Compare collections", "Study", "studies", verb="read", formerly=("shift",)),
    Entry("retrieval", item=True),
    Entry("idf", item=True),
    Entry("why", "Why", "Ranking", "why", verb="rank", item=True),
    Entry("search", "Search", "Ranking", "explain", verb="rank"),
    Entry("explain", verb="rank"),
    Entry("score-breakdown", item=True),
    Entry(
        "compare-documents",
        "Compare documents",
        "Ranking",
        "explain",
        verb="rank",
        formerly=("above", "compare"),
    ),
    Entry("ablation", "Ablation", "Ranking", "explain", verb="rank", formerly=("interventions", "ablate")),
    Entry("family-ablation", item=True),
    Entry("steering", "Steering", "Ranking", "explain", formerly=("steer",)),
    Entry("importance", "Importance", "Ranking", "importance", verb="rank", formerly=("carriers",)),
    Entry("systems", "Compare systems", "Ranking", "compare"),
    Entry("failures", "Failures", "Ranking", "compare", verb="rank", item=True),
    Entry("evaluate", verb="rank"),
    Entry("add-run", verb="rank"),
    Entry("learned-sparse", verb="rank"),
    Entry("limit", "LIMIT", "Ranking", "compare"),
    Entry("latents", "Latents", "Vocabulary", "latents", verb="read", formerly=("page:vocabulary",)),
    Entry("latent", "Latent", "Vocabulary", "latents", verb="read"),
    Entry("notes", verb="read"),
    Entry("explain-latents", verb="make"),
    Entry("latent-table", verb="read", formerly=("vocabulary-table",)),
    Entry("word", "Word", "Vocabulary", "text"),
    Entry("your-text", "Your text", "Vocabulary", "text", formerly=("text",)),
    Entry("types", "Types", "Vocabulary", "latents", verb="read", item=True, formerly=("type-controls",)),
    Entry("type-examples", item=True),
    Entry("map", "Map", "Vocabulary", "latents", verb="read", item=True),
    Entry(
        "laws",
        "Laws",
        "Vocabulary",
        "language",
        verb="read",
        item=True,
        formerly=("verb:vocabulary",),
    ),
    Entry("growth", "Growth", "Vocabulary", "language", verb="read"),
    Entry(
        "frequency-bands",
        "Frequency bands",
        "Vocabulary",
        "importance",
        verb="read",
        item=True,
        formerly=("head",),
    ),
    Entry("zero-idf", item=True),
    Entry("length", "Length and repetition", "Vocabulary", "language", verb="read"),
    Entry("polysemy", "Polysemy", "Vocabulary", "language", verb="read", formerly=("meaning",)),
    Entry("sweeps", item=True),
    Entry("app", verb="look"),
    Entry("paper", verb="look"),
    Entry("figures", "Figures", "Paper", "paper"),
    Entry("findings", "Findings", "Paper", "findings", verb="look"),
    Entry("collection", verb="look"),
    Entry("jobs", verb="look"),
    Entry("method", "Method", "Guide", "guide"),
    Entry("how-to-read", "How to read", "Guide", "guide", formerly=("numbers",)),
)
