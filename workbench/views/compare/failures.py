"""Failures: which relevant documents do the latents miss, and why?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.comparison.failures import BESIDE, REASONS, Failures
from analyses.comparison.misses import blamed_latents, wins_and_losses
from analyses.figures.ranking.failures import REASON_NAMES, length_figure, reasons_figure
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from retrieval.systems import MAXSIM, own_system, system_title
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.markup import highlight
from workbench.markup.failure_html import miss_card, rivals_table
from workbench.markup.formats import count, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, idf, numbers, selection
from workbench.page.evidence import calls
from workbench.views.compare.failure_filters import choose_k, choose_misses

SHOWN = 25
METHOD = (
    "A missed document gets the first reason that holds. *Shares no latent*, or only latents in over half of the "
    "documents, whose idf is 0 under the paper's formula: the document scores 0. *Loses by length*: at average "
    "length, and nothing else changed, the document is among the first k; exact. *Outscored*: the rest; the "
    "latents named are those on which the first documents lead most. Controls: the same reasons for the relevant "
    "documents that cosine misses, and for the document next below each miss that is not judged relevant."
)


def page() -> None:
    key, study = frame.opened()
    frame.heading("Failures", "Which relevant documents do the latents miss, and why?", METHOD)
    if not study.qrels:
        st.html(
            highlight.calm(
                "No judgements",
                "This collection has no relevance judgements, so no document counts as missed.",
            )
        )
        return
    chosen_idf, k = idf.chosen(), choose_k()
    with st.spinner("Scoring every missed document"):
        failures = cached_systems.failures(key, chosen_idf, k)
    if failures.misses.empty:
        st.html(highlight.calm("Nothing is missed", f"Every relevant document is among the first {k}."))
        return
    st.html(highlight.figures(headline(failures)))
    left, right = st.columns([1.5, 1], gap="large")
    misses = choose_misses(key, failures)
    reason = selection.current().get("reason")
    with left:
        frame.label(
            "Share of the missed documents by reason, with 95% intervals; click a reason to see its documents"
        )
        event = frame.show(
            reasons_figure(failures.classes, reason),
            f"reasons {reason}",
            failures.classes,
            calls.failures(study, chosen_idf, k),
            on_select="rerun",
            selection_mode="points",
        )
        if event and event.selection.points:
            picked = _clicked(event.selection.points[0])
            selection.choose(reason=None if picked == reason or picked not in REASONS else picked)
            st.rerun()
    with right:
        frame.label("Document length: relevant documents missed, beside those found")
        frame.show(length_figure(failures.found_length, failures.missed_length), "lengths")
    show_rivals(key, study, chosen_idf, failures)
    show_misses(key, study, misses)
    if len(misses):
        show_summary(key, misses)
    show_method(failures, own_system(study).name)


def headline(failures: Failures) -> list[tuple[str, str, str]]:
    n = len(failures.misses)
    rows = [
        (count(n), f"of {count(failures.n_relevant)}", "relevant documents missed"),
        (
            count(failures.misses["query_id"].nunique()),
            f"of {count(failures.n_queries)}",
            "queries with a miss",
        ),
    ]
    for reason in REASONS:
        part = int((failures.misses["reason"] == reason).sum())
        rows.append((count(part), f"{percent(part / n)} of the missed", REASON_NAMES[reason]))
    if failures.n_absent:
        rows.append((count(failures.n_absent), "", "relevant but not in the corpus, left out"))
    return rows


def show_rivals(key: cache.Key, study: Study, idf: cache.Idf, failures: Failures) -> None:
    """The documents that rank above the chosen miss, if one is chosen, each with the latent of its largest lead."""
    query, doc_id = selection.current().get("q"), selection.current().get("doc")
    row = failures.misses[(failures.misses["query"] == query) & (failures.misses["doc_id"] == doc_id)]
    if row.empty or query is None or doc_id is None:
        return
    names, rivals = cache.labels(key), cached_systems.outscored_by(key, query, doc_id, idf, failures.k)
    title = study.corpus.titles[study.position[doc_id]] or doc_id
    frame.label(f"Documents that rank above: {title}; click a title to compare the two")
    rows = (
        (
            (
                rival["title"] or rival["doc_id"],
                frame.address("compare-documents", q=query, doc=rival["doc_id"], other=doc_id),
            ),
            (str(rival["rank"]), f"{rival['ahead']:.2f}"),
            (
                latent_name(rival["latent"], names[rival["latent"]]),
                frame.address("latent", latent=rival["latent"]),
            ),
            f"{rival['lead']:.2f}",
        )
        for rival in rivals.to_dict("records")
    )
    st.html(rivals_table(rows))


def show_misses(key: cache.Key, study: Study, misses: pd.DataFrame) -> None:
    frame.label(
        f"{count(len(misses))} missed{f', the first {SHOWN}' if len(misses) > SHOWN else ''}: rank by latents; "
        "a title opens the score breakdown"
    )
    if misses.empty:
        st.html(highlight.note("No miss passes all of these filters."))
        return
    names = cache.labels(key)
    cards = [_card(study, row, names) for row in misses.head(SHOWN).to_dict("records")]
    heading = (
        '<div class="lt-columns"><span>rank</span><span></span><div class="lt-places"><span>rank, cosine</span>'
        "<span>rank, BM25</span></div></div>"
    )
    st.html(f'<div class="lt-results lt-misses">{heading}{"".join(cards)}</div>')


def _card(study: Study, row: Mapping[Any, Any], names: Mapping[int, str]) -> str:
    query, doc_id = row["query"], row["doc_id"]
    largest = max(row["advantage"], default=1.0)
    chips = [
        highlight.chip(
            names[latent],
            latent,
            frame.address("latent", latent=latent),
            advantage / largest,
            f"the first documents lead by {advantage:.2f} on this latent, on average",
        )
        for latent, advantage in zip(row["blamed"], row["advantage"], strict=True)
    ]
    rival = row["rival"]
    above = (
        [
            ("Which documents rank above?", frame.address("failures", q=query, doc=doc_id)),
            (
                "Why is rank 1 above?",
                frame.address("compare-documents", q=query, doc=rival, other=doc_id),
            ),
        ]
        if rival
        else []
    )
    return miss_card(
        None if pd.isna(row["rank"]) else int(row["rank"]),
        (row["title"] or doc_id, frame.address("search", q=query, doc=doc_id)),
        (query, frame.address("systems", q=query)),
        _facts(row),
        chips,
        above,
        [
            (system, None if pd.isna(row[f"{system}_rank"]) else int(row[f"{system}_rank"]))
            for system in (one.name for one in BESIDE)
        ],
    )


def _facts(row: Mapping[Any, Any]) -> str:
    name = REASON_NAMES[row["reason"]]
    if row["reason"] in ("no shared latent", "only idf 0"):
        return f"{name}."
    score = f"score {row['score']:.2f}, where the last of the first results has {row['bound']:.2f}"
    at = f"{row['score_at_average']:.2f} at average length, where its own is {row['length']:.2f} of the average"
    return f"{name}: {score}; {at}."


def show_summary(key: cache.Key, misses: pd.DataFrame) -> None:
    """Won and lost queries among those with a miss, and the latents most often to blame."""
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        frame.label("nDCG@10 of these queries: how many the latents win, tie and lose")
        table = wins_and_losses(misses)
        named = table.assign(against=table["against"].map(system_title))
        st.html(highlight.table(named))
    with right:
        rows = blamed_latents(misses).head(8).to_dict("records")
        if not rows:
            return
        frame.label("The latents most often to blame: the first documents have more of them")
        names = cache.labels(key)
        st.html(
            linked_table(
                ("latent", "misses", "summed lead"),
                (
                    (
                        latent_name(row["latent"], names[row["latent"]]),
                        frame.address("latent", latent=row["latent"]),
                        (count(row["n_misses"]), f"{row['advantage']:.1f}"),
                    )
                    for row in rows
                ),
            )
        )


def show_method(failures: Failures, own_score: str) -> None:
    with st.expander("Every number"):
        if own_score == MAXSIM.name:
            st.markdown(
                "This encoder is multi-vector: cosine here is that of its mean vectors, not its own score, MaxSim."
            )
        numbers.show(failures.classes.round(3), height="content")
        numbers.show(failures.misses.drop(columns=["blamed", "advantage"]).round(3), height=320)


def _clicked(point: Any) -> str:
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return str(data[0] if isinstance(data, list) else data)
