"""Why: where does the ranking come from? Every aspect with its control, and a verdict that its intervals bear."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from analyses.why.aspect import Aspect
from analyses.why.aspects import ASPECTS
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import why as cached_why
from workbench.markup import highlight
from workbench.page import frame
from workbench.page.work import offer as job_offer


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Why", "Where does the ranking come from: the states, the dictionary, the scoring, equal words?"
    )
    if not study.qrels:
        st.html(
            highlight.calm(
                "Nobody judged these queries",
                "Which part carries a ranking is measured by judgements: index a collection that has qrels. What "
                "needs none is below.",
            )
        )
    for aspect in ASPECTS.values():
        answer = cached_why.answer(key, aspect.name)
        if answer is None and aspect.is_kept(study):
            continue  # a study like this one cannot have it
        st.html(highlight.subheading(aspect.question))
        if answer is None:
            offer(key, study, aspect)
            continue
        st.html("".join(map(highlight.note, answer.sentences())))
        section = import_module(f"workbench.views.why.{aspect.name.replace('-', '_')}")
        section.show(study, answer)


def offer(key: cache.Key, study: Study, aspect: Aspect) -> None:
    """An aspect that is not measured yet: what it costs, and the job that measures it."""
    job_offer.offer(
        ["why", str(study.path.resolve()), "--only", aspect.name],
        f"{aspect.title} of {study.name}",
        "Measure it",
        f"{aspect.title}: not measured yet.",
        seconds=cached_why.seconds(key, aspect.name),
        writes=study.path,
        key=f"measure {aspect.name}",
    )
