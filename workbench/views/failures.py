"""Failures: what does it miss, and for which reason?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pandas as pd
import streamlit as st

from analyses.failures import POOL, REASONS, Failures
from analyses.figures.failures import REASON_NAMES, length_figure, reasons_figure
from analyses.figures.types import TYPE_NAMES
from analyses.misses import FoundBy, blamed_latents, chosen_misses, wins_and_losses
from retrieval.study import Study
from workbench import cache, cached_systems, frame, highlight, selection
from workbench.failure_html import miss_card, rivals_table
from workbench.formats import count, percent
from workbench.latent_html import linked_table
from workbench.views.carriers import choose_idf

KS = (1, 5, 10, 20, 50, 100)
SHOWN = 25
ANY = "any"
FOUND_NAMES: dict[FoundBy, str] = {
    "cosine": "cosine finds it",
    "bm25": "lexical BM25 finds it",
    "either": "one of them finds it",
    "none": "neither finds it",
}


def page() -> None:
    key, study = frame.opened()
    frame.heading("Failures", "What does it miss, and for which reason?")
    if not study.qrels:
        st.html(
            highlight.calm(
                "No judgements",
                "This collection has no relevance judgements, so nothing can be said to be missed.",
            )
        )
        return
    left, right = st.columns([1, 1.4], vertical_alignment="bottom")
    with left:
        idf = choose_idf()
    with right:
        k = choose_k()
    with st.spinner("Scoring every missed document"):
        found = cached_systems.failures(key, idf, k)
    if found.misses.empty:
        st.html(highlight.calm("Nothing is missed", f"Every relevant document is among the first {k}."))
        return
    st.html(highlight.figures(headline(found)))
    reason = selection.current().get("reason")
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        frame.label(
            "Of those missed, the share of each reason, with 95% intervals; click one to see its documents"
        )
        event = frame.show(
            reasons_figure(found.classes, reason),
            f"reasons {reason}",
            on_select="rerun",
            selection_mode="points",
        )
        if event and event.selection.points:
            picked = _clicked(event.selection.points[0])
            selection.choose(reason=None if picked == reason or picked not in REASONS else picked)
            st.rerun()
    with right:
        frame.label("Length: relevant documents missed, beside those found")
        frame.show(length_figure(found.found_length, found.missed_length), "lengths")
    misses = choose_misses(key, found)
    show_rivals(key, study, idf, found)
    show_misses(key, study, misses)
    if len(misses):
        show_summary(key, misses)
    show_method(found, study.own_score)


def choose_k() -> int:
    here = selection.current().get("k", "10")
    k = int(here) if here.isdecimal() and 1 <= int(here) <= POOL else 10
    options = sorted({*KS, k})
    picked = st.segmented_control(
        "Missed means not among the first", options, default=k, key=f"failures k {k}", required=True
    )
    if picked != k:
        selection.choose(k=picked)
        st.rerun()
    return k


def headline(found: Failures) -> list[tuple[str, str, str]]:
    n = len(found.misses)
    numbers = [
        (count(n), f"of {count(found.n_relevant)}", f"relevant documents beyond the first {found.k}"),
        (count(found.misses["query_id"].nunique()), f"of {count(found.n_queries)}", "queries miss one"),
    ]
    for reason in REASONS:
        part = int((found.misses["reason"] == reason).sum())
        numbers.append((count(part), percent(part / n), REASON_NAMES[reason]))
    if found.n_absent:
        numbers.append((count(found.n_absent), "", "relevant but not in the corpus, left out"))
    return numbers


def choose_misses(key: cache.Key, found: Failures) -> pd.DataFrame:
    """The misses that the filters leave: reason, words of the query, type blamed, who finds them, grade."""
    here, misses, types = selection.current(), found.misses, cached_systems.types(key)
    least, most = int(misses["n_words"].min()), int(misses["n_words"].max())
    grades = sorted(misses["grade"].unique())
    columns = st.columns(5, gap="medium", vertical_alignment="bottom")
    reason = _pick(columns[0], "Reason", REASONS, here.get("reason"), REASON_NAMES)
    found_by = _pick(columns[1], "Others", get_args(FoundBy), here.get("found"), FOUND_NAMES)
    kinds = sorted(set(types)) if len(types) else []
    kind = _pick(columns[2], "Type of the latent most to blame", kinds, here.get("blame"), TYPE_NAMES)
    gains = [f"{grade:g}" for grade in grades]
    gain = _pick(columns[3], "Gain", gains, here.get("gain"), {}) if len(gains) > 1 else None
    words = (least, most)
    if least < most:
        words = columns[4].slider("Words of the query", least, most, _range(here.get("words"), least, most))
    picked = {
        "reason": reason,
        "found": found_by,
        "blame": kind,
        "gain": gain,
        "words": None if words == (least, most) else f"{words[0]}-{words[1]}",
    }
    if picked != {name: here.get(name) for name in picked}:
        selection.choose(**picked)
        st.rerun()
    return chosen_misses(
        misses,
        found.k,
        reason,
        words,
        kind,
        types,
        found_by,
        float(gain) if gain is not None else None,
    )


def show_rivals(key: cache.Key, study: Study, idf: cache.Idf, found: Failures) -> None:
    """Who stands in the places of the miss that is chosen, if one is: each with the latent of its largest lead."""
    query, doc_id = selection.current().get("q"), selection.current().get("doc")
    row = found.misses[(found.misses["query"] == query) & (found.misses["doc_id"] == doc_id)]
    if row.empty or query is None or doc_id is None:
        return
    names, rivals = cache.labels(key), cached_systems.outscored_by(key, query, doc_id, idf, found.k)
    title = study.corpus.titles[study.position[doc_id]] or doc_id
    frame.label(f"Who takes the places of: {title}; a title opens the two beside each other")
    rows = (
        (
            (
                rival["title"] or rival["doc_id"],
                frame.address("above", q=query, doc=rival["doc_id"], other=doc_id),
            ),
            (str(rival["rank"]), f"{rival['ahead']:.2f}"),
            (f"{names[rival['latent']]}  {rival['latent']}", frame.address("latent", latent=rival["latent"])),
            f"{rival['lead']:.2f}",
        )
        for rival in rivals.to_dict("records")
    )
    st.html(rivals_table(rows))


def show_misses(key: cache.Key, study: Study, misses: pd.DataFrame) -> None:
    frame.label(
        f"{count(len(misses))} missed{f', the first {SHOWN}' if len(misses) > SHOWN else ''}: place by latents; "
        "a title opens its ledger"
    )
    if misses.empty:
        st.html(highlight.note("None fits all of these filters."))
        return
    names = cache.labels(key)
    cards = [_card(study, row, names) for row in misses.head(SHOWN).to_dict("records")]
    heading = (
        '<div class="lt-columns"><span></span><span></span><div class="lt-places"><span>cosine</span>'
        "<span>BM25</span></div></div>"
    )
    st.html(f'<div class="lt-results lt-misses">{heading}{"".join(cards)}</div>')


def _card(study: Study, row: Mapping[Any, Any], names: Mapping[int, str]) -> str:
    query, doc_id = row["query"], row["doc_id"]
    largest = max(row["advantage"], default=1.0)
    chips = [
        highlight.chip(
            names[latent], latent, frame.address("latent", latent=latent), advantage / largest,
            f"the first documents are ahead by {advantage:.2f} on it, on average",
        )
        for latent, advantage in zip(row["blamed"], row["advantage"], strict=True)
    ]  # fmt: skip
    rival = row["rival"]
    above = (
        [
            ("Who stands above it?", frame.address("failures", q=query, doc=doc_id)),
            ("Why is number 1 above it?", frame.address("above", q=query, doc=rival, other=doc_id)),
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
            for system in ("cosine", "bm25")
        ],
    )


def _facts(row: Mapping[Any, Any]) -> str:
    name = REASON_NAMES[row["reason"]]
    if row["reason"] in ("no shared latent", "only idf 0"):
        return f"{name}."
    score = f"score {row['score']:.2f}, the last place in asks for {row['bound']:.2f}"
    at = f"{row['score_at_average']:.2f} if its |d|, {row['length']:.2f} of the average, were the average"
    return f"{name}: {score}; {at}."


def show_summary(key: cache.Key, misses: pd.DataFrame) -> None:
    """Who wins the queries that miss something, and the latents most often to blame."""
    left, right = st.columns([1, 1.6], gap="large")
    with left:
        frame.label("nDCG@10 of these queries: how often the latents win, tie, lose")
        table = wins_and_losses(misses)
        named = table.assign(against=table["against"].map({"cosine": "Cosine", "bm25": "Lexical BM25"}))
        st.html(highlight.table(named))
    with right:
        rows = blamed_latents(misses).head(8).to_dict("records")
        if not rows:
            return
        frame.label("The latents most often to blame: rivals have more of them")
        names = cache.labels(key)
        st.html(
            linked_table(
                ("latent", "misses", "advantage, summed"),
                (
                    (f"{names[row['latent']]}  {row['latent']}", frame.address("latent", latent=row["latent"]),
                     (count(row["n_misses"]), f"{row['advantage']:.1f}"))
                    for row in rows
                ),
            )
        )  # fmt: skip


def show_method(found: Failures, own_score: str) -> None:
    with st.expander("How a reason is found, and all in numbers"):
        st.markdown(
            "A missed document gets the first reason that holds. *Shares no latent* and *shares only idf 0*: it "
            "scores nothing. *Loses by length*: scored again with |d| = avg|d|, all else as it is, it is among "
            f"the first {found.k}; exact. *Outscored*: the rest; the latents named are those on which the "
            "first documents lead most. Controls: the same question put to the relevant documents that cosine "
            "misses, and to the nearest document below each miss that nobody judged relevant."
        )
        if own_score == "maxsim":
            st.markdown(
                "This encoder is multi-vector: cosine here is that of its mean vectors, not its own score, MaxSim."
            )
        st.dataframe(found.classes.round(3), hide_index=True)
        st.dataframe(found.misses.drop(columns=["blamed", "advantage"]).round(3), hide_index=True, height=320)


def _pick(column: Any, name: str, options: Any, chosen: str | None, names: Mapping[Any, str]) -> Any:
    """A choice that may be left open."""
    options = [ANY, *options]
    picked = column.selectbox(
        name, options, index=options.index(chosen) if chosen in options else 0,
        format_func=lambda option: names.get(option, option), key=f"failures {name} {chosen}",
    )  # fmt: skip
    return None if picked == ANY else picked


def _range(text: str | None, least: int, most: int) -> tuple[int, int]:
    low, _, high = (text or "").partition("-")
    if not (low.isdecimal() and high.isdecimal()):
        return least, most
    return max(min(int(low), most), least), min(max(int(high), least), most)


def _clicked(point: Any) -> str:
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return str(data[0] if isinstance(data, list) else data)
