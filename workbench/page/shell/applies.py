"""Which pages apply to the study at hand; `contents` says what each of them needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyses.attribution.limit import is_limit_style
from retrieval.study import Study
from workbench.contents_entry import Need
from workbench.page import frame, links
from workbench.page.sharing import offers

NEEDS: Mapping[Need, Callable[[Study], bool]] = {
    "judgements": lambda study: bool(study.qrels),
    "LIMIT": lambda study: bool(study.qrels) and is_limit_style(study),
    "another study": lambda study: len(frame.studies()) > 1,
    "jobs": lambda study: offers.may("start jobs"),
}


def applies(page: links.Page, study: Study | None) -> bool:
    """Whether a page has something to show of a study; without a study, whether it could have."""
    return page.needs is None or study is None or NEEDS[page.needs](study)


def tabs(destination: links.Destination, study: Study | None) -> tuple[links.Page, ...]:
    """The pages of a destination that apply and have a tab; the first one where none does."""
    found = tuple(page for page in destination.pages if page.menu and applies(page, study))
    return found or destination.pages[:1]
