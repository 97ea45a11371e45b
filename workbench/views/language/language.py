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
from workbench.jobs import jobs
from workbench.making.part import Size
from workbench.making.parts import PARTS
from workbench.markup import highlight, language_html
from workbench.markup.formats import duration
from workbench.page import frame
from workbench.page.sharing import offers

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
        ("Rank and frequency", "Exponent", "p (bootstrap)", "Exponent at the end", "δ"),
    )
    kept = {one.title: one.part is None or PARTS[one.part].is_kept(study) for one in QUESTIONS}
    rows = [
        language_html.Row(
            one.title, one.asks, frame.address(one.page), one.read(key) if kept[one.title] else None
        )
        for one in QUESTIONS
    ]
    st.html(language_html.verdicts(rows))
    for one in QUESTIONS:
        if one.part is not None and not kept[one.title]:
            offer(study, one)
    if study.qrels:
        st.html(
            highlight.note(
                "Where a contribution should saturate, and which lengths b favours, needs rankings:"
            )
        )
        st.html(highlight.link_list([("Length and repetition", frame.address("length"))]))


def offer(study: Study, question: Question) -> None:
    """A row that is not measured yet: what it costs, and the job that measures it."""
    argv = [question.page, str(study.path.resolve())]
    running = [job for job in jobs.jobs() if job.living and list(job.request.argv) == argv]
    if running:
        address = frame.address("train", job=running[0].id)
        st.html(
            highlight.link_list([(f"{question.title}: a job is measuring this, see its progress", address)])
        )
        return
    cost = duration(PARTS[str(question.part)].seconds(Size.of(study)))
    text, button = st.columns([4, 1], vertical_alignment="center")
    text.html(highlight.note(f"{question.title}: not measured in this study yet; about {cost}, once."))
    if offers.can_keep(study.path) and offers.button(
        "start jobs", "Measure it", button, key=f"measure {question.title}", width="stretch"
    ):
        frame.go("train", job=jobs.start(argv, f"{question.title} of {study.name}").id)


def _zipf(key: cache.Key) -> Verdict:
    laws = cached_language.laws(key, "documents", "documents")
    return verdicts.UNKNOWN if laws is None or laws.fits.empty else verdicts.zipf(laws)
