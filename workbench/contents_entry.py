"""What a line of `contents` says: the page, the verb and the paper's items of one slug."""

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
