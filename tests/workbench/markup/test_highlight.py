"""HTML of the app: text of a collection stays text, and marks stand where their spans say."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analyses.text.contexts import Highlight
from workbench.markup import highlight

HOSTILE = '</mark></p><script>alert(1)</script><img src=x onerror="alert(1)">&amp;\'"'


class Reader(HTMLParser):
    """Collects tags, attributes and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


marks = st.lists(
    st.builds(Highlight, st.integers(0, 40), st.integers(0, 40), st.floats(-5, 5, allow_nan=False)),
    max_size=8,
)
texts = st.text(alphabet="ab<>&\"' \n/é", max_size=40)


@given(texts, marks)
def test_marking_changes_no_character_and_adds_no_tag_but_mark(text: str, spans: list[Highlight]) -> None:
    read = Reader(highlight.marked(text, spans, "credit"))
    assert read.text.replace("\r", "\n") == text
    assert set(read.tags) <= {"mark"}


def test_marks_stand_on_their_spans_and_show_their_value() -> None:
    html = highlight.marked("one two", [Highlight(4, 7, 0.25)], "activation")
    assert html.startswith("one <mark")
    assert ">two</mark>" in html
    assert 'data-value="activation 0.25"' in html


def test_deeper_ground_for_a_larger_value() -> None:
    def opacity(value: float) -> float:
        return float(highlight.ground(value, "credit").rsplit(",", 1)[1].rstrip(")"))

    assert 0 < opacity(0) < opacity(0.3) < opacity(1.0)
    assert opacity(-1) == opacity(1)
    assert highlight.ground(1, "credit") != highlight.ground(-1, "credit")


def test_spans_that_overlap_or_leave_the_text_are_not_marked() -> None:
    spans = [Highlight(0, 3, 1), Highlight(2, 5, 1), Highlight(5, 99, 1), Highlight(4, 4, 1)]
    assert Reader(highlight.marked("abcdef", spans, "credit")).tags == ["mark"]


def test_hostile_text_stays_text_everywhere() -> None:
    pieces = [
        highlight.marked(HOSTILE, [Highlight(0, 7, 1)], "credit"),
        highlight.excerpt(HOSTILE * 9, [Highlight(30, 37, 1)], 60, "credit"),
        highlight.link(HOSTILE, f"search?q={HOSTILE}"),
        highlight.link_list([(HOSTILE, f"search?q={HOSTILE}")]),
        highlight.chip(HOSTILE, 3, f"latent?x={HOSTILE}", 0.5, HOSTILE),
        highlight.result_card(1, HOSTILE, HOSTILE + "2", f"search?doc={HOSTILE}", "", "", "", True),
        highlight.context_card(HOSTILE, f"search?doc={HOSTILE}", 1.0, ""),
        highlight.bar_list([(HOSTILE, 0.5, HOSTILE)], "#000000"),
        highlight.facts([(HOSTILE, HOSTILE)]),
        highlight.figures([(HOSTILE, HOSTILE, HOSTILE)]),
        highlight.heading(HOSTILE, HOSTILE),
        highlight.subheading(HOSTILE),
        highlight.label(HOSTILE),
        highlight.calm(HOSTILE, HOSTILE),
    ]
    for piece in pieces:
        read = Reader(piece)
        assert not {"script", "img"} & set(read.tags), piece
        assert not [name for name, _ in read.attributes if name.startswith("on")], piece


def test_the_window_holds_the_most_value_and_cuts_between_words() -> None:
    text = "plain words here " * 20 + "the answer stands here " + "more words follow " * 20
    place = text.index("answer")
    start, end = highlight.best_window(text, [Highlight(place, place + 6, 5.0), Highlight(0, 5, 1.0)], 80)
    assert start <= place < place + 6 <= end
    assert text[start - 1].isspace()
    assert text[end].isspace()


def test_a_short_text_is_shown_whole() -> None:
    assert unescape(highlight.excerpt("a < b", [], 80, "credit")) == "a < b"


def test_grades() -> None:
    assert highlight.grade_mark(None, True) == ""
    assert "relevant" in highlight.grade_mark(1, True)
    assert "not relevant" in highlight.grade_mark(0, True)
    assert highlight.grade_mark(1, False) == ""


def test_tables_and_preformatted_text_are_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    made = highlight.table(pd.DataFrame({hostile: [hostile, "plain"]})) + highlight.preformatted(hostile)
    assert "<script>" not in made
    assert made.count("&lt;script&gt;") == 3
    assert "<td>plain</td>" in made
