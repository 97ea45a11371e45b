"""Caches of the page Why; see `workbench.caches.cache` for what a key is."""

from __future__ import annotations

import streamlit as st

from analyses.why.aspect import Answer
from analyses.why.aspects import ASPECTS
from workbench.caches import cache
from workbench.caches.cache import Key


def answer(key: Key, name: str) -> Answer | None:
    """What a study keeps of an aspect; None until it is measured."""
    return _answer(key, name, cache.version(key, part_of(name)))


@st.cache_resource(show_spinner=False, max_entries=32)
def _answer(key: Key, name: str, version: tuple[int, ...]) -> Answer | None:
    return ASPECTS[name].read(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=32)
def seconds(key: Key, name: str) -> float:
    """How long it takes to measure an aspect; an estimate."""
    from workbench.making.part import Size
    from workbench.making.parts import PARTS

    return PARTS[part_of(name)].seconds(Size.of(cache.open_study(key)))


def part_of(name: str) -> str:
    """The name of an aspect's part of a study."""
    return f"why_{name}"
