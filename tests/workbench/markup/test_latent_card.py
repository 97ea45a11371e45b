"""A latent's card: one file that asks for nothing, in which every text stays text, on light and on dark ground."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.dictionary.entry import LatentEntry, latent_entry
from analyses.labels.explanations import Detection, Explanation
from analyses.labels.latent_notes import LatentNote, annotate
from analyses.text.contexts import Context, Highlight
from retrieval.study import Study
from workbench.markup.latent_card import latent_card, study_card, visible
from workbench.page.browser import open_page, settle

HOSTILE = (
    "</p></style></title><script>window.hacked = 1</script>"
    '<img src="http://evil.invalid/x" onerror="window.hacked = 1">'
    "<iframe src=http://evil.invalid></iframe>\"'&amp;&#60;"
    "\x00\x1b[31m\x9b \u202eevil\u2066 שלום עולם {{7*7}} javascript:alert(1)"
)
MANIFEST = {"encoder": {"config": {"model": HOSTILE}}, "collection": {"name": HOSTILE}}


class Reader(HTMLParser):
    """The tags, the attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hostile_entry(study: Study, text: str) -> LatentEntry:
    """A latent all of whose texts are `text`."""
    entry = latent_entry(study, int(np.argmax(study.index.document_frequency)))
    context = Context(text, text, 1.0, text, 0, Highlight(0, 1, 1.0), (Highlight(0, min(3, len(text)), 1.0),))
    table = entry.words.table.assign(word=text)
    return replace(
        entry,
        label=text,
        automatic_label=text + "!",
        tags=(text,),
        note=text,
        contexts=(context,) * 2,
        words=replace(entry.words, table=table),
        bands=tuple(replace(band, contexts=(context,)) for band in entry.bands),
    )


def hostile_card(study: Study, text: str) -> str:
    line = Explanation(0, text, "1", text, 0.0, 0, 8, Detection(5, 4, 1), 1, text, Detection(5, 1, 1))
    rows = pd.DataFrame({"latent": [1], "label": [text], "cosine": [0.5], "npmi": [0.4]})
    return latent_card(hostile_entry(study, text), rows, rows, [line], MANIFEST)


@settings(max_examples=40)
@given(text=st.text(alphabet="<>&\"'/=a \n\x00\x1b\u202eא;#", min_size=3, max_size=30))
def test_no_text_becomes_a_tag_and_none_is_lost(text: str, tiny_study: Study) -> None:
    usual = Reader(hostile_card(tiny_study, "harmless"))
    read = Reader(hostile_card(tiny_study, text))
    assert read.tags == usual.tags
    assert {name for name, _ in read.attributes} == {name for name, _ in usual.attributes}
    assert "".join(read.text).count(visible(text)) >= "".join(usual.text).count("harmless")


def test_the_file_asks_for_nothing_and_runs_nothing(tiny_study: Study) -> None:
    for card in (study_card(tiny_study, 0), hostile_card(tiny_study, HOSTILE)):
        read = Reader(card)
        assert not {"script", "link", "img", "iframe", "object", "form", "a", "base"} & set(read.tags)
        names = {name for name, _ in read.attributes}
        assert not {name for name in names if name.startswith("on")} | names & {"src", "href", "action"}
        assert not re.search(r"url\(|@import", card[: card.index("</style>")])
        assert "default-src 'none'" in card
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", card)


def test_what_cannot_be_seen_is_shown_character_for_character() -> None:
    given = "a\x00\x1b\x7f\x9f\ud800\n\t\u202e"
    assert visible(given) == "a␀␛␡��\n\t�"
    visible(given).encode()


@pytest.mark.browser
def test_hostile_text_is_shown_and_does_nothing_in_a_browser(
    browser: Any, tiny_study: Study, tmp_path: Path
) -> None:
    (tmp_path / "card.html").write_text(hostile_card(tiny_study, HOSTILE), encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto((tmp_path / "card.html").as_uri())
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
        assert page.locator("script, img, iframe").count() == 0
        assert page.locator("h1").inner_text() == " ".join(visible(HOSTILE).split(" "))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2
    assert [url for url in asked if not url.startswith("file://")] == []
    page.close()


@pytest.mark.browser
def test_the_card_is_taken_from_the_latents_page(page: Any, app: str, tiny_study: Study) -> None:
    open_page(page, f"{app}/latent?study={tiny_study.path.name}&latent=7")
    page.wait_for_selector(".lt-context")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Card").click()
    assert download.value.suggested_filename == f"{tiny_study.name}-latent-7.html"
    assert Path(download.value.path()).read_text(encoding="utf-8") == study_card(tiny_study, 7)


@pytest.fixture
def noted(tiny_study: Study, tmp_path: Path) -> Study:
    return Study.open(shutil.copytree(tiny_study.path, tmp_path / "noted"))


def test_the_verb_writes_the_card_under_the_readers_label(
    noted: Study, tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    annotate(noted, [LatentNote(7, "<i>mine</i>", ("t",), "private")], "ada")
    assert command("latent", noted.path, 7, "--html", tmp_path / "card.html") == 0
    assert capsys.readouterr().out == ""
    read = Reader((tmp_path / "card.html").read_text(encoding="utf-8"))
    assert "<i>mine</i>" in read.text
    assert "i" in read.tags  # bars, not the label's: it was told apart above
    assert "private" not in "".join(read.text)
    assert command("latent", noted.path, 10**6, "--html", tmp_path / "none.html") == 2
    assert not (tmp_path / "none.html").exists()
