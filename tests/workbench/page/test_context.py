"""The context above every page: each part is changed and cleared there; what is not found is said, with choices."""

from __future__ import annotations

import re
from html import unescape

import pytest

from one_page import html_of, opened
from retrieval.study import Study
from workbench.caches import cache
from workbench.page import frame, links
from workbench.page.shell import context, finders, not_found

QUERY = "sort the rows of an array"


@pytest.fixture(autouse=True)
def one_study(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    return tiny_study


@pytest.fixture
def key(tiny_study: Study) -> cache.Key:
    return cache.key_of(tiny_study.path)


def test_only_what_a_page_reads_is_a_control_and_the_rest_is_named(tiny_study: Study) -> None:
    app = opened("search", q=QUERY, latent="7")
    assert [box.value for box in app.text_input] == [QUERY]
    assert "The paper's idf" in [box.value for box in app.selectbox] or app.selectbox
    elsewhere = re.findall(r'<div class="lt-elsewhere">(.*?)</div>', html_of(app))
    assert len(elsewhere) == 1
    assert "latent" in elsewhere[0]
    assert 'href="latent?' in elsewhere[0]
    app = opened("growth", q=QUERY, latent="7")
    assert not app.text_input
    (named,) = re.findall(r'<div class="lt-elsewhere">(.*?)</div>', html_of(app))
    assert QUERY in named
    assert named.count("<a ") == 2


def test_a_query_is_changed_and_cleared(tiny_study: Study) -> None:
    doc_id = tiny_study.corpus.ids[3]
    app = opened("search", q=QUERY, doc=doc_id)
    app.text_input[0].set_value("integrate a function").run()
    assert app.query_params["q"] == "integrate a function"
    assert "doc" not in app.query_params  # a document of another query
    app.text_input[0].set_value("").run()
    assert "q" not in app.query_params
    assert "Ask something" in html_of(app)


def test_idf_is_changed_and_left_out_where_it_is_the_papers() -> None:
    app = opened("importance")
    assert "idf" not in app.query_params
    app.selectbox[0].set_value("lucene").run()
    assert app.query_params["idf"] == "lucene"
    app.selectbox[0].set_value("clipped").run()
    assert "idf" not in app.query_params


def test_a_query_can_be_named_by_its_id(tiny_study: Study) -> None:
    identifier, text = tiny_study.queries.ids[5], tiny_study.queries.texts[5]
    app = opened("search", q=f"id:{identifier}")
    assert app.query_params["q"] == text
    assert app.text_input[0].value == text
    html = html_of(opened("search", q="id:nowhere"))
    assert 'There is no query "nowhere"' in unescape(html)
    assert html.count("lt-example") >= 3


BAD = [
    ("search", {"doc": "nowhere"}, 'There is no document "nowhere"'),
    ("search", {"q": QUERY, "doc": "nowhere"}, 'There is no document "nowhere"'),
    ("compare-documents", {"q": QUERY, "other": "nowhere"}, 'There is no document "nowhere"'),
    ("ablation", {"q": QUERY, "doc": "<b>no</b>"}, 'There is no document "<b>no</b>"'),
    ("systems", {"q": QUERY, "doc": "nowhere"}, 'There is no document "nowhere"'),
    ("latent", {"latent": "-1"}, "Latent -1 is outside this SAE"),
    ("latent", {"latent": "99999999"}, "Latent 99999999 is outside this SAE"),
    ("latent", {"latent": "²"}, '"²" is no latent'),
    ("map", {"latent": "abc"}, '"abc" is no latent'),
    ("steering", {"q": QUERY, "latent": "array"}, '"array" is no latent'),
    ("your-text", {"text": QUERY, "latent": "1e3"}, '"1e3" is no latent'),
]


@pytest.mark.parametrize(("page", "address", "sentence"), BAD)
def test_what_is_not_there_is_said_and_nothing_else_is_shown(
    page: str, address: dict[str, str], sentence: str
) -> None:
    app = opened(page, **address)
    html = html_of(app)
    assert sentence in unescape(html)
    assert "<b>no</b>" not in html
    assert "lt-example" in html  # something to choose
    assert "lt-heading" not in html  # the page itself does not open
    assert not re.search(r"lt-result|lt-document|lt-figures|lt-context", html)
    assert not app.get("plotly_chart")


def test_the_same_document_twice_is_no_pair(tiny_study: Study) -> None:
    first = str(tiny_study.search(QUERY)["doc_id"].iloc[0])
    html = html_of(opened("compare-documents", q=QUERY, doc=first, other=first))
    assert "A and B are the same document" in html
    assert "lt-figures" not in html


def test_choices_lead_to_what_is_there(tiny_study: Study, key: cache.Key) -> None:
    pages = links.PAGES
    here = {"q": QUERY, "doc": tiny_study.corpus.ids[3][:6]}
    found = not_found.of(pages["search"], key, tiny_study, here)
    assert found is not None
    chosen = [links.parse(address) for _, address in found.choices]
    assert chosen[0] == ("search", {"doc": ""})
    ids = {one[1]["doc"] for one in chosen[1:] if one}
    assert ids
    assert ids <= set(tiny_study.corpus.ids)
    assert (
        not_found.of(pages["search"], key, tiny_study, {"q": QUERY, "latent": "abc"}) is None
    )  # it reads none
    assert not_found.of(pages["latents"], key, tiny_study, {"latent": "3"}) is None


def test_an_unknown_study_offers_those_that_are_known(tiny_study: Study) -> None:
    found = not_found.study(links.PAGES["search"], {"study": "nowhere"})
    assert found is not None
    assert [links.parse(address) for _, address in found.choices] == [
        ("search", {"study": tiny_study.path.name})
    ]
    assert not_found.study(links.PAGES["search"], {"study": tiny_study.path.name}) is None
    assert not_found.study(links.PAGES["method"], {"study": "nowhere"}) is None
    assert "There is no study" in html_of(opened("search", study="nowhere"))


def test_finders_find_what_holds_the_letters(tiny_study: Study, key: cache.Key) -> None:
    assert all("array" in text.casefold() for text in finders.queries(tiny_study, "Array", 5))
    assert len(finders.queries(tiny_study, "", 5)) == 5
    doc_id = tiny_study.corpus.ids[7]
    assert finders.documents(key, tiny_study, doc_id, "", 5)[0][0] == doc_id
    assert [one for one, _ in finders.latents(key, "7", 5)] == [7]
    assert finders.latents(key, "999999999999", 5) == []
    labels = cache.labels(key)
    word = next(label for label in labels.values() if label).split(" ")[0]
    assert all(word in labels[latent].casefold() for latent, _ in finders.latents(key, word, 5))
    assert context.elided("a" * 60).count("a") < 40
    assert frame.studies()
