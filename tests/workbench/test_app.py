"""The app in a real browser: pages answer, selections live in the URL, links are followed, text stays text."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from accessibility import findings

from retrieval.study import Study
from workbench.page import browser, links

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script> integrate"


def selection(page: Any) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def open_page(page: Any, app: str, address: str) -> None:
    browser.visit(page, f"{app}/{address}")
    assert page.locator(".stException").count() == 0


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> str:
    return str(tiny_study.queries.texts[3])


ASKED = "q=sort+the+rows+of+an+array"
# Each page of the app, and some of their states: an address of today or of before, and what stands there.
VIEWS = (
    ("", "why is A above B?"),
    ("start", "why is A above B?"),
    ("language", "Do latents behave as words do"),
    ("overview", "Lexical BM25"),
    ("figures", "No paper yet"),
    ("search", "Ask something"),
    (f"search?{ASKED}", "latents that query and document share"),
    ("interventions", "Ask something"),
    (f"interventions?{ASKED}", "Ranks before and after"),
    ("interventions?q=sort+an+array&change=scoring&k1=2", "from the paper's scoring to yours"),
    ("interventions?q=sort+an+array&place=index&preset=only", "Share of the first ten documents that stay"),
    (
        "interventions?q=sort+an+array&place=document&latents=3,5&mass=2",
        "Share of the first ten documents that stay",
    ),
    ("carriers", "How much nDCG@10 is lost"),
    (f"steer?{ASKED}", "Change of summed activation"),
    (f"steer?{ASKED}&place=document&factor=0&part=1,2", "Ranking by cosine"),
    ("above", "Ask something"),
    ("above?q=zyzzyva&doc=nowhere&other=nowhere", 'There is no document "nowhere"'),
    ("systems", "and the latents less each other system"),
    ("why", "Is it the states, or the dictionary?"),
    (f"systems?{ASKED}", "and where the others put them"),
    (f"side-by-side?{ASKED}&q2=integrate+a+function", "integrate a function"),
    ("limit", "Not a LIMIT collection"),
    ("compare-collections", "Which latents are more frequent"),
    ("failures?k=1", "Share of the missed documents by reason"),
    ("failures?k=1&reason=outscored&found=none", "rank by latents"),
    ("vocabulary", "latents active in this collection"),
    ("latent", "Where the latent fires"),
    ("word", "Which latents fire on this word"),
    ("word?word=array", "Which latents fire on this word"),
    ("text", "Nothing typed yet"),
    ("text?text=sort+the+rows+of+an+array", "Your text"),
    ("types", "by which rule"),
    ("map", "Which latents point in similar directions"),
    ("basket?basket=3,7", "latents"),
    ("saes", "Beside other SAEs"),
    ("make", "Bring your own"),
    ("findings", "Findings"),
    ("method", "From a token to a few latents"),
    ("numbers", "nDCG@10"),
    ("frequency-bands", "latents"),
    ("growth", "latents"),
    ("length", "latents"),
    ("polysemy", "latents"),
)
MEASURING = {"laws": "latents", "train": "what will training cost"}  # long, when they open


SEEN = {links.FORMER.get(slug, slug) for slug in (address.partition("?")[0] for address, _ in VIEWS)}
OTHERS = tuple((slug, page.title) for slug, page in links.PAGES.items() if slug not in {*SEEN, *MEASURING})


@pytest.mark.parametrize(("address", "content"), [*VIEWS, *OTHERS])
def test_each_view_opens_with_no_serious_finding_of_axe(
    page: Any, app: str, address: str, content: str
) -> None:
    open_page(page, app, address)
    page.locator(".stMain").get_by_text(content).first.wait_for(state="attached")
    assert findings(page) == []


@pytest.mark.parametrize(("slug", "content"), MEASURING.items())
def test_a_page_that_measures_for_long_says_so_at_once(page: Any, app: str, slug: str, content: str) -> None:
    page.goto(f"{app}/{slug}")
    page.wait_for_selector(".lt-lead")
    page.get_by_text(content).first.wait_for(state="attached")
    assert page.locator(".stException").count() == 0
    assert findings(page) == []


def test_a_search_shows_results_and_a_score_breakdown(
    page: Any, app: str, tiny_study: Study, query: str
) -> None:
    open_page(page, app, f"search?q={quote_plus(query)}")
    page.wait_for_selector(".lt-result")
    titles = page.locator(".lt-results").first.locator(".lt-title").all_inner_texts()
    expected = tiny_study.search(query)
    assert titles == [title or doc for title, doc in zip(expected["title"], expected["doc_id"], strict=True)]
    assert page.locator(".lt-result mark").count() > 10
    assert page.locator(".lt-steps > li.lt-step").count() > 3
    assert page.locator(".lt-chip").count() > 3


def test_a_clicked_result_lives_in_the_url_and_survives_a_reload(
    page: Any, app: str, tiny_study: Study, query: str
) -> None:
    open_page(page, app, f"search?q={quote_plus(query)}")
    third = tiny_study.search(query).iloc[2]
    page.locator(".lt-result").nth(2).locator(".lt-title").click()
    page.wait_for_function("document.querySelectorAll('.lt-result')[2]?.classList.contains('lt-chosen')")
    assert selection(page)["doc"] == third["doc_id"]
    assert selection(page)["q"] == query
    page.reload()
    page.wait_for_selector(".lt-result")
    browser.settle(page)
    assert page.locator(".lt-subheading").inner_text() == (third["title"] or third["doc_id"])
    assert page.locator(".lt-result").nth(2).evaluate("card => card.classList.contains('lt-chosen')")


def test_a_latents_chip_and_its_bar_lead_to_its_page(page: Any, app: str, query: str) -> None:
    open_page(page, app, f"search?q={quote_plus(query)}")
    chip = page.locator(".lt-chip").first
    latent = chip.locator(".lt-number").inner_text()
    chip.click()
    page.wait_for_selector(".lt-context")
    assert urlsplit(page.url).path == "/latent"
    assert selection(page)["latent"] == latent
    assert f"Latent {latent}" in page.locator(".lt-lead").inner_text()
    open_page(page, app, f"search?q={quote_plus(query)}")
    page.locator(".lt-steps > li.lt-step a.lt-link").first.click()
    page.wait_for_selector(".lt-context")
    assert urlsplit(page.url).path == "/latent"


def test_a_name_on_an_axis_leads_to_its_page(page: Any, app: str, tiny_study: Study, query: str) -> None:
    with_words = tiny_study.search(query, system="bm25")["doc_id"][0]
    open_page(page, app, f"search?q={quote_plus(query)}&part=words&doc={quote_plus(with_words)}")
    bar = page.locator(".js-plotly-plot .ytick a").first
    bar.wait_for()
    browser.settle(page)
    place = bar.evaluate(
        "label => label.getBoundingClientRect().toJSON()"
    )  # Playwright misplaces links in SVG
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_function("location.pathname === '/word'")


def test_the_selection_travels_from_page_to_page(page: Any, app: str, tiny_study: Study, query: str) -> None:
    open_page(page, app, f"search?q={quote_plus(query)}&idf=lucene")
    page.locator(".lt-places-nav a[href^='latents?']").click()
    page.wait_for_selector(".js-plotly-plot")
    browser.settle(page)
    assert selection(page) == {"study": tiny_study.path.name, "q": query, "idf": "lucene"}
    page.locator(".lt-places-nav a").filter(has_text="Explain a ranking").click()
    page.wait_for_selector(".lt-result")
    assert page.get_by_placeholder("Ask in your own words").input_value() == query


def test_a_typed_query_goes_to_the_url(page: Any, app: str) -> None:
    open_page(page, app, "search")
    box = page.get_by_placeholder("Ask in your own words")
    box.fill("return the sum of an array")
    box.press("Enter")
    page.wait_for_selector(".lt-result")
    assert selection(page)["q"] == "return the sum of an array"


def test_a_row_of_the_vocabulary_is_found_by_its_number(page: Any, app: str) -> None:
    open_page(page, app, "vocabulary?find=no+such+label+anywhere")
    page.get_by_text("No such latent").wait_for()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("latent?latent=99999999", "is outside this SAE"),
        ("overview?study=nowhere", "There is no study"),
        ("latent?latent=-1", "is outside this SAE"),
        ("latent?latent=abc", "is no latent"),
        ("search?doc=nowhere", "There is no document"),
    ],
)
def test_what_is_not_there_is_said_calmly(page: Any, app: str, address: str, sentence: str) -> None:
    open_page(page, app, address)
    page.locator(".lt-calm").get_by_text(sentence).wait_for()
    assert "Traceback" not in page.content()


@pytest.mark.parametrize(
    ("former", "address", "kept"),
    [
        ("shift?against=silent", "compare-collections", {"against": "silent"}),
        ("vocabulary?find=the&alive=any", "latents", {"find": "the", "alive": "any"}),
        ("head?prune=tail&share=0.1", "frequency-bands", {"prune": "tail", "share": "0.1"}),
        ("meaning?measure=number", "polysemy", {"measure": "number"}),
        ("text?text=sort+an+array", "your-text", {"text": "sort an array"}),
        ("search?q=sort+an+array&part=ledger", "search", {"q": "sort an array"}),
    ],
)
def test_an_old_address_leads_to_the_page_with_its_selection(
    page: Any, app: str, tiny_study: Study, former: str, address: str, kept: dict[str, str]
) -> None:
    open_page(page, app, former)
    page.wait_for_function("path => location.pathname === path", arg=f"/{address}")
    browser.settle(page)
    assert selection(page) == {"study": tiny_study.path.name} | kept


def test_what_a_widget_says_travels_to_the_next_page(page: Any, app: str, query: str) -> None:
    """The query box of one page is another widget on the next, which takes its text from the URL."""
    open_page(page, app, f"search?q={quote_plus(query)}&idf=lucene")
    for name in ("ablation", "steering", "compare-documents", "search"):
        page.locator(f".lt-tabs a[href^='{name}?']").click()
        page.wait_for_function("path => location.pathname === path", arg=f"/{name}")
        browser.settle(page)
        assert page.get_by_placeholder("Ask in your own words").input_value() == query
        assert (selection(page)["q"], selection(page)["idf"]) == (query, "lucene")


def test_a_dead_latent_is_calm(page: Any, app: str, tiny_study: Study) -> None:
    open_page(page, app, f"latent?study=silent&latent={tiny_study.n_latents}")
    page.get_by_text("Inactive in this collection").wait_for()


def test_hostile_text_does_not_run(page: Any, app: str) -> None:
    for address in (f"search?q={quote_plus(HOSTILE)}", f"vocabulary?find={quote_plus(HOSTILE)}"):
        open_page(page, app, address)
        page.wait_for_timeout(300)
        assert page.title() != "hacked"
        assert page.locator(".stMain img[src='x']").count() == 0


def test_another_study_is_chosen_beside_the_pages(page: Any, app: str, tiny_study: Study) -> None:
    open_page(page, app, f"latent?study={tiny_study.path.name}&latent=3")
    page.locator(".st-key-context [data-testid=stSelectbox] input").first.click()
    page.get_by_role("option", name="silent").click()
    page.wait_for_url("**study=silent**")
    browser.settle(page)
    assert selection(page)["study"] == "silent"
    assert page.locator(".stException").count() == 0


POINT = """() => {
  const graph = document.querySelector('.js-plotly-plot');
  const most = graph._fullData.reduce((one, other) => one.x.length > other.x.length ? one : other);
  const place = Math.floor(most.x.length / 2), box = graph.getBoundingClientRect();
  const {xaxis, yaxis} = graph._fullLayout;
  return [box.left + xaxis._offset + xaxis.d2p(most.x[place]), box.top + yaxis._offset + yaxis.d2p(most.y[place]),
          Object.values(most.customdata[place])[0]];
}"""


def test_a_clicked_point_of_the_map_opens_its_latent(page: Any, app: str) -> None:
    open_page(page, app, "map")
    page.wait_for_selector(".js-plotly-plot .gl-canvas")
    browser.settle(page)
    page.wait_for_timeout(500)  # until the points are drawn
    x, y, latent = page.evaluate(POINT)
    page.mouse.move(x, y)
    page.wait_for_selector(".hoverlayer .hovertext")
    page.mouse.click(x, y)
    page.wait_for_url(f"**/latent?**latent={latent}*")


def test_back_goes_state_by_state_to_where_nothing_is_chosen(page: Any, app: str, query: str) -> None:
    def place() -> str:
        browser.settle(page)
        parts = urlsplit(page.url)
        return f"{parts.path} {sorted(set(selection(page)) - {'study'})}"

    open_page(page, app, "search")
    box = page.get_by_placeholder("Ask in your own words")
    box.fill(query)
    box.press("Enter")
    page.wait_for_selector(".lt-result")
    page.locator(".lt-result").nth(1).locator(".lt-title").click()
    page.wait_for_url("**doc=**")
    page.locator(".lt-tabs a[href^='compare-documents?']").click()
    page.wait_for_url("**/compare-documents?**")
    assert place() == "/compare-documents ['doc', 'q']"
    page.locator(".lt-places-nav a[href^='latents?']").click()
    page.wait_for_url("**/latents?**")
    browser.settle(page)
    for path, chosen in (
        ("/compare-documents", "['doc', 'q']"),
        ("/search", "['doc', 'q']"),
        ("/search", "['q']"),
        ("/search", "[]"),
    ):
        before = page.url
        page.go_back()
        page.wait_for_function("before => document.URL !== before", arg=before)
        page.wait_for_timeout(300)  # until the app has heard of it
        assert place() == f"{path} {chosen}"
    page.locator(".lt-calm").get_by_text("Ask something").wait_for()
    assert box.input_value() == ""


def test_the_context_finds_a_document_and_lets_go_of_it(page: Any, app: str, tiny_study: Study) -> None:
    doc_id = tiny_study.corpus.ids[5]
    open_page(page, app, "search")
    context = page.locator(".st-key-context")
    context.get_by_role("button", name="Document").click()
    wanted = page.get_by_placeholder("An id, or words of a title")
    wanted.fill(doc_id)
    wanted.press("Enter")
    page.locator("[data-testid=stPopoverBody] .lt-example").first.click()
    page.wait_for_url("**doc=**")
    browser.settle(page)
    assert selection(page)["doc"] == doc_id
    title = tiny_study.corpus.titles[5] or doc_id
    assert page.locator(".lt-subheading").inner_text() == title
    context.get_by_role("button").filter(has_text=title[:6]).click()
    page.get_by_role("button", name="Clear the document").click()
    page.wait_for_function("!document.URL.includes('doc=')")
    page.locator(".lt-calm").get_by_text("Ask something").wait_for()
