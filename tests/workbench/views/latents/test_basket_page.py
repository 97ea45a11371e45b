"""The basket: filled and emptied by links and buttons, in the address while it is small, and of one study."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from analyses.dictionary.several_latents import together
from analyses.labels.latent_notes import latent_note
from one_page import html_of, opened
from retrieval.study import Study
from workbench.page import browser, selection
from workbench.page.basket import held

QUERY = "sort the rows of an array"
HEAD, ROW = 38, 35  # pixels of the table's head and of a row


@pytest.fixture(autouse=True)
def one_study(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {selection.STORE: {"study": "tiny"}}
    monkeypatch.setattr("streamlit.session_state", state)
    return state


def after(session: dict[str, Any], link: Mapping[str, str]) -> dict[str, str]:
    """The selection once a link is followed."""
    session[selection.STORE] = selection.changed(session[selection.STORE], held.followed(link))
    return dict(session[selection.STORE])


def test_links_put_in_and_take_out(session: dict[str, Any]) -> None:
    assert after(session, {"put": "4,7"})["basket"] == "4,7"
    assert after(session, {"put": "7,9", "q": "a"}) == {"study": "tiny", "basket": "4,7,9", "q": "a"}
    assert after(session, {"drop": "4"})["basket"] == "7,9"
    assert "basket" not in after(session, {"drop": "7,9"})
    assert held.latents() == ()


def test_a_large_basket_stays_in_the_session(session: dict[str, Any]) -> None:
    many = range(held.MOST_IN_URL + 1)
    assert "basket" not in after(session, {"put": ",".join(map(str, many))})
    assert held.latents() == tuple(many)
    assert held.latents(3) == (0, 1, 2)
    assert after(session, {"drop": "0"})["basket"] == ",".join(map(str, many[1:]))
    assert held.latents() == tuple(many[1:])
    after(session, {"put": "0"})
    session[selection.STORE] = {"study": "another"}
    assert held.latents() == ()


def test_another_study_has_another_basket() -> None:
    kept = {"study": "a", "basket": "1,2"}
    assert "basket" not in selection.changed(kept, {"study": "b"})


def test_what_is_no_latent_is_left_out() -> None:
    assert held.numbers("4, 7,-1,x,,4,99999999999") == (4, 7)


def test_a_breakdown_fills_it_and_every_page_says_how_many_it_holds(tiny_study: Study) -> None:
    latent = int(tiny_study.encode(QUERY).counts.indices[0])
    html = html_of(opened("search", q=QUERY, basket=str(latent)))
    assert re.search(r"basket:</span> 1 latent<", html)
    assert "put=" in html
    for page in ("growth", "start", "latents"):
        assert "basket:</span> 1 latent<" in html_of(opened(page, basket=str(latent)))
    assert "basket:" not in html_of(opened("search", q=QUERY))


def test_the_page_compares_its_latents_and_leads_to_their_ablation(tiny_study: Study) -> None:
    app = opened("basket", basket="3,7")
    assert html_of(app).count("<section>") == 2
    for facet in ("documents", "queries", "contexts"):
        assert html_of(opened("basket", basket="3,7", facet=facet)).count("<section>") == 2
    next(button for button in app.button if button.label == "Empty the basket").click().run()
    assert "The basket is empty" in html_of(app)
    assert "basket" not in app.query_params


def test_a_latents_page_puts_it_in_and_takes_it_out() -> None:
    app = opened("latent", latent="3")
    next(button for button in app.button if button.label == "Put in basket").click().run()
    assert app.query_params["basket"] == "3"
    next(button for button in app.button if button.label == "Take from basket").click().run()
    assert "basket" not in app.query_params


def test_pairs_count_the_documents_that_have_both(tiny_study: Study) -> None:
    frequency = tiny_study.index.document_frequency
    latents = np.argsort(-frequency)[:3].tolist()
    table = together(tiny_study, latents)
    own = table[table["latent"] == table["other"]]
    assert own["both"].tolist() == frequency[latents].tolist()
    assert own["share"].tolist() == [1.0] * 3
    assert own["cosine"].to_numpy() == pytest.approx(1.0, abs=1e-5)
    both = set(tiny_study.index.postings(latents[0])[0]) & set(tiny_study.index.postings(latents[1])[0])
    assert table["both"].iloc[1] == len(both)


def test_what_is_exported_names_its_sae(tiny_study: Study) -> None:
    from workbench.caches import cache
    from workbench.views.basket import basket

    whole = basket.table_of(cache.key_of(tiny_study.path), [7, 3])
    written = json.loads(basket.json_of(tiny_study, whole))
    assert [row["latent"] for row in written["latents"]] == [7, 3]
    assert written["sae"] == tiny_study.manifest["sae"]["fingerprint"]
    assert {"label", "idf", "document_frequency"} <= set(written["latents"][0])


def test_a_tag_is_added_to_all_and_others_stay(
    tiny_study: Study, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from workbench.views.basket import basket_tags

    folder = tmp_path_factory.mktemp("tagged") / "tiny"
    shutil.copytree(tiny_study.path, folder)
    study = Study.open(folder)
    state: dict[str, Any] = {}
    monkeypatch.setattr("streamlit.session_state", state)
    for tag in ("first", "second"):
        state[basket_tags.TAG] = tag
        basket_tags.add(study, [3, 7])
        assert "is on 2 latents" in state[basket_tags.SAID]
    assert latent_note(study, 7).tags == ("first", "second")


@pytest.mark.browser
def test_boxes_of_the_table_and_a_lasso_on_the_map_fill_it(page: Any, app: str) -> None:
    browser.open_page(page, f"{app}/latents?study=tiny")
    table = page.locator("[data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    for row in (0, 2):
        page.mouse.click(place["x"] + 18, place["y"] + HEAD + ROW * (row + 0.5))
        page.get_by_text(f"Put the {'latent' if row == 0 else '2 latents'}").wait_for()
    put = page.locator("a[href*='put=']", has_text="ticked")
    (ticked,) = parse_qs(urlsplit(put.get_attribute("href")).query)["put"]
    put.click()
    page.wait_for_function("text => new URL(document.URL).searchParams.get('basket') === text", arg=ticked)
    assert len(ticked.split(",")) == 2
    browser.follow(page, "map?study=tiny")
    page.locator('.modebar-btn[data-title="Lasso Select"]').click()
    area = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    left, top = area["x"] + 4, area["y"] + 4
    right, bottom = left + area["width"] / 2, min(top + area["height"] - 8, 880)
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.get_by_text("latents of this region").first.wait_for()
    page.locator("a[href*='put=']", has_text="of this region").click()
    page.locator(".lt-basket", has_text="latents").filter(has_not_text=" 2 latents").wait_for()
