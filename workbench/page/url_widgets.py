"""Widgets whose value lives in the URL, one parameter each.

    measure = url_widgets.segmented("measure", "Meanings", MEASURES, "effective")

The URL wins on arrival, by a link or a reload; the widget wins once its reader moves it, and the URL follows. A
default is left out of the URL. Text that means nothing to the widget is its default: the widget shows it, the URL
drops it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from workbench.page import selection

T = TypeVar("T")
Place = Any  # st, or a column or container of it


@dataclass(frozen=True)
class Spelling(Generic[T]):
    """How the URL spells a value. read: the value of a text, None where it is none; write: the text of a value."""

    read: Callable[[str], T | None]
    write: Callable[[T], str]


def bound(
    name: str,
    default: T,
    spelling: Spelling[T],
    draw: Callable[[str], T],
    scope: object = "",
    keep_default: bool = False,
) -> T:
    """The value of the widget that `draw` makes under a key, bound to the URL parameter `name`.

    scope: what the widget's value depends on, such as its options; another scope is another widget.
    keep_default: for a default that depends on the data, such as the first result. An address that names it goes on
    naming it, so that the address means the same once the data are others.
    """
    in_url = selection.current().get(name, "")
    read = spelling.read(in_url) if in_url else None
    now = default if read is None else read
    # Streamlit forgets a widget when its page is left: each page has its own, which starts from the URL
    key = f"url {selection.page()} {name} {hash(str(scope))}"
    written = f"{key} written"
    if key not in st.session_state or st.session_state.get(written) != now:
        st.session_state[key] = now
    value = draw(key)
    text = spelling.write(value)
    read_back = spelling.read(text)  # as the next run reads the URL
    st.session_state[written] = value if read_back is None else read_back
    if text == spelling.write(default) and not (keep_default and read is not None):
        text = ""
    if text != in_url:
        selection.choose(**{name: text})
    return value


def segmented(
    name: str,
    label: str,
    options: Mapping[T, str],
    default: T,
    place: Place = st,
    spelled: Mapping[T, str] | None = None,
    **look: Any,
) -> T:
    """One of a few options, side by side. options: value -> what is shown; spelled: value -> what the URL says."""

    def draw(key: str) -> T:
        drawn: T = place.segmented_control(
            label, list(options), format_func=options.__getitem__, required=True, key=key, **look
        )
        return drawn

    return bound(name, default, one_of(options, spelled), draw, list(options))


def select(
    name: str,
    label: str,
    options: Mapping[T, str],
    default: T,
    place: Place = st,
    keep_default: bool = False,
    **look: Any,
) -> T:
    """One of many options, in a list that opens. options: value -> what is shown."""

    def draw(key: str) -> T:
        drawn: T = place.selectbox(label, list(options), format_func=options.__getitem__, key=key, **look)
        return drawn

    return bound(name, default, one_of(options), draw, list(options), keep_default)


def select_any(
    name: str, label: str, options: Mapping[T, str], placeholder: str, place: Place = st, **look: Any
) -> T | None:
    """One of many options, or none of them, which is the default."""
    known = one_of(options)

    def draw(key: str) -> T | None:
        drawn: T | None = place.selectbox(
            label,
            list(options),
            None,
            format_func=options.__getitem__,
            placeholder=placeholder,
            key=key,
            **look,
        )
        return drawn

    spelling = Spelling[T | None](known.read, lambda value: "" if value is None else known.write(value))
    return bound(name, None, spelling, draw, list(options))


def multiselect(
    name: str, label: str, options: Mapping[str, str], place: Place = st, **look: Any
) -> tuple[str, ...]:
    """Any of many options, none by default; the URL separates them by commas."""

    def draw(key: str) -> tuple[str, ...]:
        return tuple(
            place.multiselect(label, list(options), format_func=options.__getitem__, key=key, **look)
        )

    return bound(name, (), several_of(options), draw, list(options))


def pills(
    name: str, label: str, options: Mapping[int, str], place: Place = st, **look: Any
) -> tuple[int, ...]:
    """Any of a few options, none by default; the URL separates them by commas."""

    def draw(key: str) -> tuple[int, ...]:
        drawn = place.pills(
            label,
            list(options),
            selection_mode="multi",
            format_func=options.__getitem__,
            key=key,
            **look,
        )
        return tuple(sorted(drawn))

    return bound(name, (), several_of(options), draw, list(options))


def text(name: str, label: str, place: Place = st, **look: Any) -> str:
    """A line of text, without the white space around it; empty by default."""

    def draw(key: str) -> str:
        return str(place.text_input(label, key=key, **look)).strip()

    return bound(name, "", Spelling(str.strip, str), draw)


def toggle(name: str, label: str, default: bool, otherwise: str, place: Place = st, **look: Any) -> bool:
    """A switch. otherwise: what the URL says where the switch does not stand at its default."""
    spelling = Spelling(
        lambda text: (not default) if text == otherwise else None,
        lambda value: "" if value == default else otherwise,
    )
    return bound(name, default, spelling, lambda key: bool(place.toggle(label, key=key, **look)))


def select_slider(
    name: str, label: str, steps: Sequence[float], default: float, place: Place = st, **look: Any
) -> float:
    """One of some numbers; a number between them is the nearest."""

    def read(text: str) -> float | None:
        wanted = finite(text)
        return None if wanted is None else min(steps, key=lambda step: abs(step - wanted))

    def draw(key: str) -> float:
        return float(place.select_slider(label, steps, key=key, **look))

    return bound(name, default, Spelling(read, number_text), draw, steps)


def slider(
    name: str,
    label: str,
    low: float,
    high: float,
    step: float,
    default: float,
    place: Place = st,
    **look: Any,
) -> float:
    """A number, cut to [low, high]; a whole one where `step` is whole."""
    kind = type(step)

    def read(text: str) -> float | None:
        wanted = finite(text)
        return None if wanted is None or wanted != kind(wanted) else kind(min(max(wanted, low), high))

    def draw(key: str) -> float:
        return kind(place.slider(label, kind(low), kind(high), step=step, key=key, **look))

    return bound(name, kind(default), Spelling(read, number_text), draw, (low, high, step))


def range_slider(
    name: str, label: str, low: int, high: int, place: Place = st, **look: Any
) -> tuple[int, int]:
    """Two whole numbers from `low` to `high`, which the URL spells `3-12`; all of them by default."""

    def read(text: str) -> tuple[int, int] | None:
        first, _, last = text.partition("-")
        if not (first.isdecimal() and last.isdecimal()):
            return None
        return max(min(int(first), high), low), min(max(int(last), low), high)

    def draw(key: str) -> tuple[int, int]:
        first, last = place.slider(label, low, high, key=key, **look)
        return int(first), int(last)

    spelling = Spelling(read, lambda ends: f"{ends[0]}-{ends[1]}")
    return bound(name, (low, high), spelling, draw, (low, high))


def number(
    name: str,
    label: str,
    low: float,
    high: float,
    step: float,
    default: float,
    place: Place = st,
    keep_default: bool = False,
    **look: Any,
) -> float:
    """A number that is typed, cut to [low, high]."""

    def read(text: str) -> float | None:
        wanted = finite(text)
        return None if wanted is None else min(max(wanted, low), high)

    def draw(key: str) -> float:
        drawn = place.number_input(label, low, high, step=step, key=key, **look)
        return default if drawn is None else float(drawn)

    return bound(name, default, Spelling(read, number_text), draw, (low, high, step), keep_default)


def one_of(options: Mapping[T, str], spelled: Mapping[T, str] | None = None) -> Spelling[T]:
    """Each option spelled as it is, or as `spelled` says."""
    texts = {option: str(option) for option in options} | dict(spelled or {})
    values = {text: option for option, text in texts.items()}
    return Spelling(values.get, texts.__getitem__)


def several_of(options: Mapping[T, str]) -> Spelling[tuple[T, ...]]:
    """Options separated by commas; what is no option is left out."""
    values = {str(option): option for option in options}

    def read(text: str) -> tuple[T, ...]:
        return tuple(dict.fromkeys(values[part] for part in text.split(",") if part in values))

    return Spelling(read, lambda chosen: ",".join(map(str, chosen)))


def finite(text: str) -> float | None:
    """The number that a text spells; None for any other text, for infinity and for NaN."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def number_text(value: float) -> str:
    """`0.35`, `8`."""
    return f"{value:.10g}"
