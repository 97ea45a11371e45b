"""Is it a language? Each law, and each assumption of BM25, in one row: figure, control, verdict, and its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from analyses.laws import verdicts
from analyses.laws.verdicts import Verdict
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.making.part import Size
from workbench.making.parts import PARTS
from workbench.markup import highlight, language_html
from workbench.markup.formats import duration
from workbench.page import frame
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer

METHOD = (
    "A row shows what this study keeps: nothing is fitted when this page opens. The control is the same measure of "
    "the words of the same texts, or of terms drawn at random. A law that holds for latents and for their control "
    "alike says nothing about latents."
)


@dataclass(frozen=True)
class Question:
    """title: the law. asks: in a sentence. page: that shows it. part: of the study that it is read from, None where
    it is computed at once. read: its verdict.
    """

    title: str
    asks: str
    page: str
    part: str | None
    read: Callable[[cache.Key], Verdict]


QUESTIONS = (
    Question(
        "Zipf's law",
        "Do frequencies fall as a power of the rank?",
        "laws",
        "laws",
        lambda key: _zipf(key),
    ),
    Question(
        "Heaps' law",
        "Does the vocabulary go on growing with the text?",
        "growth",
        "growth",
        lambda key: verdicts.heaps(cached_language.growth(key)[1]),
    ),
    Question(
        "Meaning and frequency",
        "Do frequent terms have more meanings?",
        "polysemy",
        "polysemy",
        lambda key: verdicts.meanings(cached_language.polysemy_law(key)),
    ),
    Question(
        "Bursts",
        "Does a term that occurs once occur again?",
        "length",
        "repetition",
        lambda key: verdicts.bursts(cached_language.repetition(key)),
    ),
    Question(
        "Length",
        "Is the sum of term frequencies a length?",
        "length",
        None,
        lambda key: verdicts.lengths(cached_language.document_lengths(key)),
    ),
)


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Is it a language?",
        "Do latents behave as words do, law by law, and do BM25's assumptions hold for them?",
        METHOD,
    )
    missing = {one.title: cost(study, one) for one in QUESTIONS if not is_kept(study, one)}
    rows = [
        language_html.Row(
            one.title,
            one.asks,
            frame.address(one.page),
            None if one.title in missing else one.read(key),
            missing.get(one.title, ""),
        )
        for one in QUESTIONS
    ]
    st.html(language_html.verdicts(rows))
    if missing and offers.can_keep(study.path) and offers.may("start jobs"):
        for one in QUESTIONS:
            if one.title in missing:
                offer(study, one)
    if study.qrels:
        st.html(
            highlight.note(
                "Which lengths b favours, and where a contribution should saturate, needs rankings:"
            )
        )
        st.html(highlight.link("Length and repetition", frame.address("length")))


def is_kept(study: Study, question: Question) -> bool:
    """Whether a row only reads."""
    return question.part is None or PARTS[question.part].is_kept(study)


def cost(study: Study, question: Question) -> str:
    """How long it takes to measure a row, in words; an estimate."""
    seconds = PARTS[str(question.part)].seconds(Size.of(study))
    return f"about {duration(max(seconds, 1))}, once"


def offer(study: Study, question: Question) -> None:
    """The job that measures a row, or the link to the one that is at it."""
    job_offer.offer(
        [question.page, str(study.path.resolve())],
        f"{question.title} of {study.name}",
        "Measure it",
        f"{question.title}: not measured yet.",
        seconds=job_offer.seconds_of(study, str(question.part)),
        writes=study.path,
    )


def _zipf(key: cache.Key) -> Verdict:
    laws = cached_language.laws(key, "documents", "documents")
    return verdicts.UNKNOWN if laws is None or laws.fits.empty else verdicts.zipf(laws)
