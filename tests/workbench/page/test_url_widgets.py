"""Widgets whose value lives in the URL: URL -> widget -> URL, for every kind and any text.

read(write(value)) = value        a default, or text that means nothing, leaves the URL
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from workbench.page import url_widgets
from workbench.page.type_rule import parse, written
from workbench.page.url_widgets import Spelling, number_text, several_of

SIZES = {"small": "S", "medium": "M", "large": "L"}
# kind -> parameter, the widget, its default
KINDS: dict[str, tuple[str, str, Any]] = {
    "segmented": (
        "k",
        "url_widgets.segmented('k', 'Size', SIZES, 'small', spelled={'large': 'XL'})",
        "small",
    ),
    "select": ("law", "url_widgets.select('law', 'Size', SIZES, 'small')", "small"),
    "select of the data": (
        "doc",
        "url_widgets.select('doc', 'D', SIZES, 'small', keep_default=True)",
        "small",
    ),
    "select_any": ("word", "url_widgets.select_any('word', 'Size', SIZES, 'any')", None),
    "multiselect": ("type", "url_widgets.multiselect('type', 'Sizes', SIZES)", ()),
    "pills": ("part", "url_widgets.pills('part', 'Which', {1: 'one', 2: 'two', 3: 'three'})", ()),
    "text": ("q", "url_widgets.text('q', 'Query')", ""),
    "toggle": ("legend", "url_widgets.toggle('legend', 'Legend', True, 'no')", True),
    "select_slider": ("share", "url_widgets.select_slider('share', 'Share', [0.1, 0.5, 0.9], 0.5)", 0.5),
    "slider": ("b", "url_widgets.slider('b', 'b', 0.0, 1.0, 0.05, 0.7)", 0.7),
    "whole slider": ("factor", "url_widgets.slider('factor', 'n', 1, 9, 1, 3)", 3),
    "range_slider": ("words", "url_widgets.range_slider('words', 'Words', 2, 12)", (2, 12)),
    "number": ("mass", "url_widgets.number('mass', 'Activation', 0.0, 1000.0, 0.5, 4.0)", 4.0),
    "threshold": ("rule", "type_rule.slider('narrow', 'Narrow')", 0.5),
}
SCRIPT = """
import streamlit as st
from workbench.page import selection, type_rule, url_widgets
SIZES = {'small': 'S', 'medium': 'M', 'large': 'L'}
selection.arrive()
st.session_state['values'] = values = {}
"""
# kind, address, value, what the URL has then
ADDRESSES: list[tuple[str, str, Any, str | None]] = [
    ("segmented", "medium", "medium", "medium"),
    ("segmented", "XL", "large", "XL"),
    ("segmented", "large", "small", None),
    ("segmented", "small", "small", None),
    ("select", "large", "large", "large"),
    ("select of the data", "small", "small", "small"),
    ("select_any", "large", "large", "large"),
    ("multiselect", "large,small", ("large", "small"), "large,small"),
    ("multiselect", "large,nonsense", ("large",), "large"),
    ("pills", "2,3", (2, 3), "2,3"),
    ("text", "sort the rows", "sort the rows", "sort the rows"),
    ("toggle", "no", False, "no"),
    ("select_slider", "0.9", 0.9, "0.9"),
    ("select_slider", "0.8", 0.9, "0.9"),
    ("select_slider", "0.5", 0.5, None),
    ("slider", "0.35", 0.35, "0.35"),
    ("slider", "7", 1.0, "1"),
    ("whole slider", "5", 5, "5"),
    ("whole slider", "99", 9, "9"),
    ("whole slider", "2.5", 3, None),
    ("range_slider", "4-9", (4, 9), "4-9"),
    ("range_slider", "0-99", (2, 12), None),
    ("number", "7.5", 7.5, "7.5"),
    ("threshold", "0.6,0.7,0.3", 0.7, "0.6,0.7,0.3"),
    ("threshold", "0.6,0.5,0.3", 0.5, "0.6,0.5,0.3"),
    ("threshold", "0.5,0.5,0.3", 0.5, None),
]


def opened(kinds: Iterable[str], addresses: Mapping[str, str]) -> AppTest:
    """A page with a widget of each of these kinds, at the addresses of some."""
    lines = [f"values[{kind!r}] = {KINDS[kind][1]}" for kind in kinds]
    app = AppTest.from_string(SCRIPT + "\n".join(lines))
    for kind, address in addresses.items():
        app.query_params[KINDS[kind][0]] = address
    app.run()
    assert not app.exception
    return app


def value(app: AppTest, kind: str) -> Any:
    return app.session_state["values"][kind]


def in_url(app: AppTest, kind: str) -> str | None:
    written = dict(app.query_params).get(KINDS[kind][0])
    return written[0] if isinstance(written, list) else written


def test_without_an_address_the_default_is_shown_and_left_out() -> None:
    app = opened(KINDS, {})
    for kind, (_, _, default) in KINDS.items():
        assert (value(app, kind), in_url(app, kind)) == (default, None), kind


@pytest.mark.parametrize("address", ["nonsense", "nan", "-", "1e999", "9-", ",,"])
def test_text_that_means_nothing_is_the_default_and_leaves_the_url(address: str) -> None:
    kinds = [kind for kind in KINDS if kind != "text"]
    app = opened(kinds, dict.fromkeys(kinds, address))
    for kind in kinds:
        assert (value(app, kind), in_url(app, kind)) == (KINDS[kind][2], None), kind


@pytest.mark.parametrize("place", range(max(Counter(kind for kind, *_ in ADDRESSES).values())))
def test_an_address_sets_the_widget_and_is_read_back(place: int) -> None:
    """On one page, the address at a place in the list of each kind's."""
    of_kind = {kind: [one for one in ADDRESSES if one[0] == kind] for kind in KINDS}
    cases = [those[place] for those in of_kind.values() if place < len(those)]
    app = opened([kind for kind, *_ in cases], {kind: address for kind, address, *_ in cases})
    for _ in range(2):
        for kind, address, expected, canonical in cases:
            assert (value(app, kind), in_url(app, kind)) == (expected, canonical), (kind, address)
        app.run()


MOVES: dict[str, tuple[Any, Any, str | None, Any]] = {
    # kind -> how its widget is moved, the value then, the URL then, how it is moved back
    "segmented": (lambda app: app.button_group[0].set_value("medium"), "medium", "medium", "small"),
    "select": (lambda app: app.selectbox[0].set_value("medium"), "medium", "medium", "small"),
    "multiselect": (lambda app: app.multiselect[0].set_value(["medium"]), ("medium",), "medium", []),
    "text": (lambda app: app.text_input[0].set_value(" new "), "new", "new", ""),
    "toggle": (lambda app: app.toggle[0].set_value(False), False, "no", True),
    "select_slider": (lambda app: app.select_slider[0].set_value(0.9), 0.9, "0.9", 0.5),
    "slider": (lambda app: app.slider[0].set_value(0.3), 0.3, "0.3", 0.7),
    "range_slider": (lambda app: app.slider[0].set_range(3, 5), (3, 5), "3-5", None),
    "number": (lambda app: app.number_input[0].set_value(8.0), 8.0, "8", 4.0),
    "threshold": (lambda app: app.slider[0].set_value(0.7), 0.7, "0.5,0.7,0.3", 0.5),
}
WIDGETS = {"segmented": "button_group", "select": "selectbox", "text": "text_input", "number": "number_input"}


@pytest.mark.parametrize("kind", MOVES)
def test_a_moved_widget_writes_the_url_and_stays_moved(kind: str) -> None:
    move, moved, url, back = MOVES[kind]
    app = opened([kind], {})
    move(app).run()
    assert (value(app, kind), in_url(app, kind)) == (moved, url)
    app.run()
    assert (value(app, kind), in_url(app, kind)) == (moved, url)
    if back is not None:
        name = WIDGETS.get(kind, "slider" if kind == "threshold" else kind)
        getattr(app, name)[0].set_value(back).run()
        assert value(app, kind) == KINDS[kind][2]
        assert in_url(app, kind) is None


def test_a_link_moves_a_widget_that_its_reader_has_moved() -> None:
    app = opened(["slider"], {})
    app.slider[0].set_value(0.3).run()
    app.query_params["b"] = "0.9"
    app.run()
    assert (value(app, "slider"), app.slider[0].value) == (0.9, 0.9)
    app.slider[0].set_value(0.1).run()
    assert (value(app, "slider"), in_url(app, "slider")) == (0.1, "0.1")


def spelled(spelling: Spelling[Any], value: Any) -> Any:
    return spelling.read(spelling.write(value))


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.sampled_from(["a", "b"]))
def test_what_is_written_is_read(several: list[str], one: str) -> None:
    options = dict.fromkeys("abc", "")
    assert spelled(several_of(options), tuple(several)) == tuple(several)
    assert spelled(url_widgets.one_of(options), one) == one
    assert spelled(url_widgets.one_of(options, {"a": "first"}), one) == one


@given(st.integers(-(10**6), 10**6), st.sampled_from([1.0, 0.05, 0.001]))
def test_numbers_are_read_back(steps: int, step: float) -> None:
    value = round(steps * step, 6)
    assert url_widgets.finite(number_text(value)) == pytest.approx(value, rel=1e-9, abs=1e-9)


@settings(max_examples=200)
@given(st.text(alphabet="0123456789.,-enaf ", max_size=14))
def test_any_text_is_thresholds_within_bounds_or_none(text: str) -> None:
    rule = parse(text)
    if rule is not None:
        assert all(0 <= part <= 1 for part in (rule.lexical, rule.narrow, rule.closeness))
        again = parse(written(rule)) if written(rule) else rule
        assert again is not None
        assert again.lexical == pytest.approx(rule.lexical, abs=1e-5)
