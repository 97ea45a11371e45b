"""HTML of the pages that start from words: any text stays text, and tokens stand where their spans say."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from analyses.text.contexts import Highlight
from workbench.markup import highlight

HOSTILE = '</a><script>alert(1)</script><img src=x onerror="alert(1)">&amp;\''
spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0, 5)), max_size=8)
texts = st.text(alphabet="ab<>&\"' \n/é", max_size=40)


class Reader(HTMLParser):
    """Collects tags, attribute names and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@given(texts, spans)
def test_tokens_change_no_character_and_add_links_only(
    text: str, marks: list[tuple[int, int, float]]
) -> None:
    rows = [(start, end, value, HOSTILE, HOSTILE) for start, end, value in sorted(marks)]
    read = Reader(highlight.token_text(text, rows, 5.0))
    assert read.text == text
    assert read.tags <= {"a"}
    assert read.attributes <= {"class", "style", "href", "data-value"}


def test_a_token_is_a_link_with_its_note_and_is_bare_where_the_latent_is_silent() -> None:
    html = highlight.token_text("one two", [(0, 3, 0.0, "n", "text?latent=1"), (4, 7, 2.0, "n", "x")], 2.0)
    assert html.count("style=") == 1
    assert 'href="text?latent=1"' in html
    assert ">two</a>" in html


@given(texts, st.integers(0, 40), st.integers(0, 40))
def test_a_focus_is_framed_and_changes_no_character(text: str, start: int, end: int) -> None:
    inside = 0 <= start < end <= len(text)
    focus = Highlight(start, end, 1.0) if inside else Highlight(0, 0, 1.0)
    html = highlight.focused(text, [focus] if inside else [], focus, "activation")
    assert Reader(html).text == text
    assert html.count("lt-focus") == inside


def test_hostile_text_stays_text() -> None:
    pieces = [
        highlight.token_text(HOSTILE, [(0, 4, 1.0, HOSTILE, HOSTILE)], 1.0),
        highlight.token_link(HOSTILE, 0.5, HOSTILE, HOSTILE),
        highlight.link_bars([(HOSTILE, 7, HOSTILE, 0.5, HOSTILE)], "#000000", 7),
        highlight.focused(HOSTILE, [Highlight(0, 4, 1.0)], Highlight(0, 4, 1.0), "activation"),
        highlight.unread(HOSTILE),
    ]
    for piece in pieces:
        read = Reader(piece)
        assert not {"script", "img"} & read.tags, piece
        assert not any(name.startswith("on") for name in read.attributes), piece
        assert HOSTILE in read.text
