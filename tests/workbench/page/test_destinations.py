"""Destinations: every page has one place, every old address a page, and every parameter a page that it concerns."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from retrieval.study import Study
from workbench.contents import CONTENTS
from workbench.markup import glossary
from workbench.markup.glossary.of_pages import OF_PAGES
from workbench.page import frame, links, selection
from workbench.page.shell.applies import NEEDS, applies, tabs

VIEWS = Path(frame.__file__).parents[1] / "views"
TITLES = (
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
)
# Addresses that were given to others: slug -> the page it opens. None is ever taken away.
GIVEN = {
    **{
        slug: slug
        for slug in (
            *(
                "overview",
                "train",
                "saes",
                "compare-collections",
                "why",
                "search",
                "compare-documents",
                "ablation",
            ),
            *(
                "steering",
                "importance",
                "systems",
                "failures",
                "limit",
                "latents",
                "latent",
                "word",
                "your-text",
            ),
            *("types", "map", "laws", "growth", "frequency-bands", "length", "polysemy", "figures", "method"),
            "how-to-read",
        )
    },
    "shift": "compare-collections",
    "above": "compare-documents",
    "compare": "compare-documents",
    "interventions": "ablation",
    "ablate": "ablation",
    "steer": "steering",
    "carriers": "importance",
    "vocabulary": "latents",
    "text": "your-text",
    "type-controls": "types",
    "head": "frequency-bands",
    "meaning": "polysemy",
    "numbers": "how-to-read",
}


def test_ten_destinations_cover_every_page_exactly_once() -> None:
    assert tuple(one.title for one in links.DESTINATIONS) == TITLES
    placed = [page.slug for one in links.DESTINATIONS for page in one.pages]
    placed += [page.slug for page in links.GUIDE]
    assert sorted(placed) == sorted(set(placed)) == sorted(entry.slug for entry in CONTENTS if entry.title)
    assert set(placed) == set(links.PAGES)
    assert all(entry.group for entry in CONTENTS if entry.title)


def test_a_destination_opens_at_its_first_tab() -> None:
    for one in links.DESTINATIONS:
        first = next(page for page in one.pages if page.menu)
        assert one.slug == first.slug == one.pages[0].slug
        assert first.needs is None or one.title == "Importance"
    explain = next(one for one in links.DESTINATIONS if one.slug == "search")
    assert [page.tab for page in explain.pages] == ["Results", "Compare two documents", "Ablate", "Steer"]
    assert links.destination_of("latent") == links.destination_of("latents")
    assert links.destination_of("method") is links.destination_of("nowhere") is None


@pytest.mark.parametrize("given", GIVEN)
def test_every_address_that_was_given_still_opens(given: str) -> None:
    parsed = links.parse(links.href(given, q="a b"))
    assert parsed == (GIVEN[given], {"q": "a b"})
    assert callable(frame.view(links.PAGES[GIVEN[given]]).page)


def test_what_does_not_apply_has_no_tab(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    compare, studies = (
        next(one for one in links.DESTINATIONS if one.slug == slug) for slug in ("systems", "overview")
    )
    shown = [page.slug for page in tabs(compare, tiny_study)]
    assert shown == ["systems", "failures", "side-by-side"]  # no LIMIT
    shown = [page.slug for page in tabs(studies, tiny_study)]
    assert shown == ["overview", "saes", "make", "train"]  # one study
    unjudged = Study(tiny_study.path, tiny_study.manifest)
    unjudged.__dict__["qrels"] = {}
    assert [page.slug for page in tabs(compare, unjudged)] == ["systems", "side-by-side"]
    assert not applies(links.PAGES["importance"], unjudged)
    assert applies(links.PAGES["importance"], None)
    assert {entry.needs for entry in CONTENTS if entry.needs} == set(NEEDS)


def test_every_parameter_of_a_page_is_known() -> None:
    for page in links.PAGES.values():
        assert set(page.keys) <= set(selection.KEYS), page.slug
        assert set(page.context) <= set(selection.CONTEXT), page.slug
        assert not set(page.keys) & set(selection.CONTEXT), page.slug


def test_every_parameter_that_a_view_binds_is_declared_by_a_page() -> None:
    """`contents` says what a page's address holds; a parameter that no page declares would be in every address."""
    bound = {
        (path.name, call.args[0].value)
        for path in VIEWS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and getattr(call.func.value, "id", "") == "url_widgets"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert len(bound) > 40
    assert {name for name in bound if name[1] not in selection.DECLARED | set(selection.CONTEXT)} == set()


def test_the_terms_behind_the_question_mark_are_the_glossarys() -> None:
    assert set(OF_PAGES) <= set(links.PAGES)
    assert {name for names in OF_PAGES.values() for name in names if glossary.entry(name) is None} == set()
