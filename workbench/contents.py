"""The one list of what the workbench offers: a slug names a page, a verb and a paper's items of one analysis alike.

Pages (workbench/page/links.py), verbs (workbench/verbs/registry.py) and items (workbench/paper/items_list.py)
are read off it, in this order. A new analysis is a line here, and files named after its slug.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal[
    "Start",
    "Why",
    "Explain a ranking",
    "Compare systems",
    "Latents",
    "Read a text",
    "Importance",
    "Is it a language?",
    "Studies",
    "Findings",
    "Guide",
]
Panel = Literal["make", "read", "rank", "explain", "look"]
Need = Literal["judgements", "LIMIT", "another study", "jobs"]


@dataclass(frozen=True)
class Entry:
    """slug: address of the page, name of the verb, and of the modules with _ for -.

    title, group, view: of its page, in which destination, its folder in workbench/views. verb: the folder of its
    verb in workbench/verbs. item: whether workbench/paper/items has a module of it. formerly: older addresses and
    names of verbs, which go on working; "page:" or "verb:" before one that was only that.

    Of a page: tab, its name among the tabs of its destination (its title without one); last, whether it stands
    behind the others there; menu, whether it is among them at all; needs, what a study must have for it to apply;
    context, what of the context it reads, and keys, which further parameters of the address.
    """

    slug: str
    title: str = ""
    group: Group | None = None
    view: str = ""
    verb: Panel | None = None
    item: bool = False
    formerly: tuple[str, ...] = ()
    tab: str = ""
    last: bool = False
    menu: bool = True
    needs: Need | None = None
    context: str = ""
    keys: str = ""

    def former(self, kind: Literal["page", "verb"]) -> list[str]:
        """Its older addresses, or the older names of its verb."""
        named = (name.rpartition(":") for name in self.formerly)
        return [name for before, _, name in named if before in ("", kind)]

    @property
    def module(self) -> str:
        """The name of its modules."""
        return self.slug.replace("-", "_")


CONTENTS = (
    Entry("start", "Start", "Start", "start"),
    Entry("demo", verb="make"),
    Entry("overview", "Overview", "Studies", "studies"),
    Entry(
        "make", "Bring your own", "Studies", "studies", verb="make", last=True, needs="jobs", keys="job bring"
    ),
    Entry("train", "Train", "Studies", "studies", verb="make", last=True, needs="jobs", keys="job"),
    Entry("import-sae", verb="make"),
    Entry("import-states", verb="make"),
    Entry("index", verb="make"),
    Entry("complete", verb="make"),
    Entry("check", verb="look"),
    Entry("saes", "SAEs", "Studies", "studies", keys="sae others"),
    Entry("sae-card", verb="make"),
    Entry("compare-saes", verb="look"),
    Entry("sweep-layers", verb="make"),
    Entry("pretrain", verb="make"),
    Entry(
        "compare-collections",
        "Compare collections",
        "Studies",
        "studies",
        verb="read",
        formerly=("shift",),
        needs="another study",
        keys="against",
    ),
    Entry("retrieval", item=True),
    Entry("idf", item=True),
    Entry("why", "Why", "Why", "why", verb="rank", item=True, context="idf", keys="cell"),
    Entry(
        "search",
        "Search",
        "Explain a ranking",
        "explain",
        verb="rank",
        tab="Results",
        context="q idf doc",
        keys="part credit beside shown",
    ),
    Entry("explain", verb="explain"),
    Entry("score-breakdown", item=True),
    Entry(
        "compare-documents",
        "Compare documents",
        "Explain a ranking",
        "explain",
        verb="explain",
        formerly=("above", "compare"),
        tab="Compare two documents",
        context="q idf doc",
        keys="other",
    ),
    Entry(
        "ablation",
        "Ablation",
        "Explain a ranking",
        "explain",
        verb="rank",
        formerly=("interventions", "ablate"),
        tab="Ablate",
        context="q idf doc",
        keys="change latents preset part place type length factor mass k1 b phi",
    ),
    Entry("family-ablation", item=True),
    Entry(
        "steering",
        "Steering",
        "Explain a ranking",
        "explain",
        verb="explain",
        formerly=("page:steer",),
        tab="Steer",
        context="q idf doc latent",
        keys="factor mass place part",
    ),
    Entry(
        "importance",
        "Importance",
        "Importance",
        "importance",
        verb="rank",
        formerly=("carriers",),
        needs="judgements",
        context="idf",
    ),
    Entry(
        "systems",
        "Compare systems",
        "Compare systems",
        "compare",
        verb="rank",
        tab="Systems",
        context="q idf doc",
        keys="fusions system",
    ),
    Entry(
        "failures",
        "Failures",
        "Compare systems",
        "compare",
        verb="rank",
        item=True,
        needs="judgements",
        context="idf",
        keys="k reason found blame gain words",
    ),
    Entry(
        "side-by-side",
        "Side by side",
        "Compare systems",
        "compare",
        context="q idf",
        keys="look against q2 word word2",
    ),
    Entry("evaluate", verb="rank"),
    Entry("add-run", verb="rank"),
    Entry("learned-sparse", verb="rank"),
    Entry("limit", "LIMIT", "Compare systems", "compare", needs="LIMIT", context="q idf"),
    Entry(
        "latents",
        "Latents",
        "Latents",
        "latents",
        verb="read",
        formerly=("page:vocabulary",),
        tab="Table",
        context="latent",
        keys="find type band alive noted rule sort columns",
    ),
    Entry(
        "latent", "Latent", "Latents", "latents", verb="read", menu=False, context="latent", keys="section"
    ),
    Entry("notes", verb="read"),
    Entry("explain-latents", verb="make"),
    Entry("latent-table", verb="read", formerly=("vocabulary-table",)),
    Entry("word", "Word", "Read a text", "text", verb="explain", keys="word"),
    Entry(
        "your-text",
        "Your text",
        "Read a text",
        "text",
        verb="explain",
        formerly=("page:text",),
        context="idf latent",
        keys="text text2 kind word word2",
    ),
    Entry(
        "types",
        "Types",
        "Latents",
        "latents",
        verb="read",
        item=True,
        formerly=("type-controls",),
        last=True,
        keys="rule",
    ),
    Entry("type-examples", item=True),
    Entry(
        "map",
        "Map",
        "Latents",
        "latents",
        verb="read",
        item=True,
        context="q idf latent",
        keys="colour rule",
    ),
    Entry("basket", "Basket", "Latents", "basket", context="idf", keys="facet", last=True),
    Entry("language", "Is it a language?", "Is it a language?", "language", tab="Verdict"),
    Entry(
        "laws",
        "Laws",
        "Is it a language?",
        "language",
        verb="read",
        item=True,
        formerly=("verb:vocabulary",),
        context="latent",
        keys="count over law",
    ),
    Entry("growth", "Growth", "Is it a language?", "language", verb="read"),
    Entry(
        "frequency-bands",
        "Frequency bands",
        "Importance",
        "importance",
        verb="read",
        item=True,
        formerly=("head",),
        context="idf",
        keys="prune where share",
    ),
    Entry("zero-idf", item=True),
    Entry(
        "length",
        "Length and repetition",
        "Is it a language?",
        "language",
        verb="read",
        context="idf",
        keys="b",
    ),
    Entry(
        "polysemy",
        "Polysemy",
        "Is it a language?",
        "language",
        verb="read",
        formerly=("meaning",),
        keys="measure",
    ),
    Entry("sweeps", item=True),
    Entry("app", verb="look"),
    Entry("paper", verb="look"),
    Entry("export", verb="look"),
    Entry("push", verb="look"),
    Entry("findings", "Findings", "Findings", "findings", verb="look"),
    Entry(
        "figures",
        "Figures of papers",
        "Findings",
        "paper",
        last=True,
        keys="paper item wide ratio points legend grey",
    ),
    Entry("collection", verb="look"),
    Entry("jobs", verb="look"),
    Entry("how-to-read", "How to read", "Guide", "guide", formerly=("numbers",), keys="term"),
    Entry("method", "Method", "Guide", "guide"),
)
