"""The glossary: one entry a name, a tooltip on every statistic of the pages, and all of it on How to read."""

from __future__ import annotations

import ast
import re
from collections import Counter
from html import escape, unescape
from pathlib import Path

import pandas as pd
import pytest

from one_page import html_of, opened
from retrieval.study import Study
from workbench.markup import glossary, highlight
from workbench.page import links, numbers
from workbench.views.latents import latents
from workbench.views.latents import map as map_page

ENTRIES = [each for section in glossary.SECTIONS.values() for each in section]
VIEWS = Path(__file__).parents[3] / "workbench" / "views"
# headings of tables and figures that name a thing and no statistic
PLAIN = re.compile(
    r"|#|a|b|document|documents|number|word|query|queries|tokens|measure|method|map|study|meaning|measured on|"
    r"terms|vocabulary|n|test|against|system|of|lowest|highest|mean|label|fires in|encoder, layer|relevant|"
    r"this sae|words|latents|fire on .* of its tokens|of this word|hold the word|queries with a miss|"
    r"fires on the attribute's words in|tokens of the attribute|explanation|tenth by length|latents sampled|"
    r"documents with the word|words in the document|factors|help / hurt|ranked better / worse with b|of \d+: .*|"
    r"misses|nearest .*",
    re.IGNORECASE,
)


def test_every_name_has_one_entry() -> None:
    names = Counter(name.lower() for each in ENTRIES for name in (each.name, *each.also))
    assert [name for name, times in names.items() if times > 1] == []
    for each in ENTRIES:
        assert glossary.entry(each.name) is each
        assert each.meaning.endswith(".")
        assert "\n" not in each.meaning


def test_decorated_names_are_found() -> None:
    assert glossary.entry("nDCG@10 lost (95%)") is glossary.entry("Importance")
    assert glossary.entry("p (bootstrap)") is not glossary.entry("p")
    assert glossary.entry("unseen, at least") is glossary.entry("Unseen")
    assert glossary.tooltip("no such statistic") == ""


def test_tables_and_figures_explain_their_statistics_alone() -> None:
    html = highlight.table(pd.DataFrame({"document": ["d"], "idf": [1.0]}))
    assert html.count("title=") == 1
    assert escape(glossary.tooltip("idf")) in html
    assert escape(glossary.tooltip("nDCG@10")) in highlight.figures([("0.5", "nDCG@10", "Cosine")])


def test_columns_of_streamlits_tables_explain_themselves() -> None:
    for names in (latents.COLUMNS.values(), map_page.COLUMNS.values(), numbers.HEADINGS.values()):
        columns = numbers.explained(names)
        for name in columns:
            own = name.removesuffix(", A").removesuffix(", B")
            assert (
                columns[name]["help"]
                or own in ("share of BM25", "share of the cosine")
                or glossary.entry(own)
            )


@pytest.fixture
def one_study(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    return tiny_study


QUERY = "sort the rows of an array"
ADDRESSES = [
    ("overview", {}),
    ("search", {"q": QUERY}),
    ("search", {"q": QUERY, "part": "text"}),
    ("search", {"q": QUERY, "part": "cosine"}),
    ("search", {"q": QUERY, "part": "pairs", "beside": "words"}),
    ("compare-documents", {"q": QUERY}),
    ("steering", {"q": QUERY}),
    ("ablation", {"q": QUERY}),
    ("word", {"word": "array"}),
    ("your-text", {"text": QUERY, "text2": "order lines"}),
    ("latent", {"latent": "7"}),
    ("failures", {"k": "1"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "address"), ADDRESSES)
def test_every_statistic_of_a_page_has_its_line(one_study: Study, page: str, address: dict[str, str]) -> None:
    html = html_of(opened(page, **address))
    bare = re.findall(r"<th>(.*?)</th>", html)
    bare += re.findall(r"<div><b>.*?</b><span>(.*?)</span></div>", html)
    unexplained = [name for name in map(unescape, bare) if not PLAIN.fullmatch(name)]
    assert unexplained == []


@pytest.mark.slow
def test_every_statistic_of_why_has_its_line(why_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(why_study.path)])
    bare = re.findall(r"<th>(.*?)</th>", html_of(opened("why")))
    assert [name for name in map(unescape, bare) if not PLAIN.fullmatch(name)] == []


def test_how_to_read_prints_every_entry(one_study: Study) -> None:
    html = html_of(opened("how-to-read"))
    for each in ENTRIES:
        assert f"<dt>{escape(each.name)}</dt>" in html
        assert escape(each.meaning) in html
        assert escape(each.formula) in html
    assert "how-to-read" in links.PAGES


def test_names_that_views_look_up_are_in_the_glossary() -> None:
    asked = [
        (path.name, call.args[0].value)
        for path in VIEWS.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "tooltip"
        and isinstance(call.args[0], ast.Constant)
    ]
    assert len(asked) >= 4
    assert [(file, name) for file, name in asked if glossary.entry(str(name)) is None] == []
