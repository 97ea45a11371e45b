"""Importance: how much nDCG@10 is lost when a latent is removed?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.ranking.importance import families_figure, importance_figure
from analyses.interventions.chance import in_words
from analyses.interventions.importance import Importance, by_group
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import ablation as cached_ablation
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, idf
from workbench.page.evidence import calls
from workbench.page.work import offer as job_offer

N_ROWS = 12


def page() -> None:
    key, study = frame.opened()
    frame.heading("Importance", "How much nDCG@10 is lost when a latent is removed from every query?")
    if not study.qrels:
        st.html(
            highlight.calm(
                "No judgements",
                "This collection has no relevance judgements, so no loss of nDCG@10 can be measured.",
            )
        )
        return
    chosen = idf.chosen()
    importance = cached_ablation.importance(key, chosen, cache.version(key, f"importance_{chosen}"))
    if importance is None:
        offer(study, chosen)
        return
    latents = importance.latents
    latents = latents.assign(
        label=latents["latent"].map(cache.labels(key))
    )  # told apart from their siblings'
    st.html(highlight.figures(headline(importance)))
    show_chance(study, chosen, importance)
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        frame.label(
            "nDCG@10 lost when one latent is removed from every query; grey: within chance. Click one to open it"
        )
        event = frame.show(
            importance_figure(latents, study.index.n_docs),
            "importance",
            latents,
            calls.importance(study, chosen),
            on_select="rerun",
            selection_mode="points",
        )
        if event and event.selection.points:
            frame.go("latent", latent=_clicked(event.selection.points[0]))
    with right:
        frame.label("One type removed, or kept alone; grey: random latents that contribute as much")
        if importance.families.empty:
            st.caption("This study keeps no types: open the Types page once, then measure again.")
        else:
            frame.show(families_figure(importance.families), "families")
    show_tables(latents)
    for column, name in (("type", "By type"), ("band", "By document frequency")):
        frame.label(name)
        st.html(highlight.table(readable(by_group(latents, column), column)))
    st.caption(
        f"Exact over {count(importance.n_queries)} judged queries, each ranked again without each of its "
        "latents; documents, their lengths and idf stay. The importances of a group do not sum to the loss "
        "without the whole group, since latents stand in for each other. Intervals are bootstraps over "
        "queries."
    )


def offer(study: Study, chosen: cache.Idf) -> None:
    """Not measured yet: what it is, and the job that measures it, once."""
    st.html(
        highlight.calm(
            "Not measured yet",
            f"Each of {count(len(study.queries))} queries is ranked again without each of its latents. The study "
            "keeps the result.",
        )
    )
    measure(study, chosen, "Measure it", type="primary")


def measure(study: Study, chosen: cache.Idf, name: str, sentence: str = "", **look: Any) -> None:
    """Offer the job that measures what is missing."""
    job_offer.offer(
        ["importance", str(study.path.resolve()), *(["--idf", chosen] if chosen != "clipped" else [])],
        f"Importance in {study.name}",
        name,
        sentence,
        seconds=job_offer.seconds_of(study, f"importance_{chosen}"),
        writes=study.path,
        **look,
    )


def show_chance(study: Study, chosen: cache.Idf, importance: Importance) -> None:
    """How many latents help and hurt beyond chance, in words; an offer to measure it where that is missing."""
    if importance.chance is not None:
        st.html(highlight.note(in_words(importance.chance)))
        return
    unmeasured = (
        "These numbers are not compared with chance: they were measured before the workbench did that."
    )
    measure(study, chosen, "Compare with chance", unmeasured)


def headline(importance: Importance) -> list[tuple[str, str, str]]:
    lost, chance = importance.latents["lost"], importance.chance
    idle = int((importance.latents["contribution"] == 0).sum())
    counted = (
        [
            (count(int((lost > 1e-12).sum())), "latents", "help: removing one lowers nDCG@10"),
            (count(int((lost < -1e-12).sum())), "latents", "hurt: removing one raises nDCG@10"),
        ]
        if chance is None
        else [
            (count(chance.helping_beyond), f"of {count(chance.n_helping)}", "help beyond chance"),
            (count(chance.hurting_beyond), f"of {count(chance.n_hurting)}", "hurt beyond chance"),
        ]
    )
    return [
        (f"{importance.ndcg:.3f}", "", "nDCG@10 with all latents"),
        (count(len(lost)), "latents", "active in the queries"),
        *counted,
        (count(idle), "latents", "contribute to no score"),
        (f"{lost.max():.4f}", "", "largest importance"),
    ]


def show_tables(latents: pd.DataFrame) -> None:
    """The latents that help most, and those that hurt most."""
    left, right = st.columns(2, gap="large")
    for column, name, rows in (
        (left, "Latents that help most", latents.head(N_ROWS)),
        (right, "Latents that hurt most", latents.iloc[::-1].head(N_ROWS)),
    ):
        with column:
            frame.label(name)
            headings = ("latent", "type", "document frequency", "queries", "nDCG@10 lost (95%)", "adjusted p")
            st.html(linked_table(headings, map(_cells, rows.to_dict("records")), pale=by_chance(rows)))


def by_chance(latents: pd.DataFrame) -> list[bool]:
    """Which rows do not go beyond chance; none where chance is not measured."""
    return (latents["p_adjusted"].notna() & ~latents["beyond_chance"]).tolist()


def _cells(row: Mapping[Any, Any]) -> tuple[str, str, tuple[str, ...]]:
    name = latent_name(row["latent"], row["label"])
    lost = f"{row['lost']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
    kind = TYPE_NAMES.get(row["type"], row["type"])
    p_adjusted = "–" if pd.isna(row["p_adjusted"]) else f"{row['p_adjusted']:.2g}"
    cells = (kind, count(row["document_frequency"]), count(row["n_queries"]), lost, p_adjusted)
    return name, frame.address("latent", latent=row["latent"]), cells


def readable(table: pd.DataFrame, column: str) -> pd.DataFrame:
    named = table[column].map(lambda name: TYPE_NAMES.get(name, name) or "not kept")
    return pd.DataFrame(
        {
            "": named,
            "latents": [count(n) for n in table["n_latents"]],
            "share of contributions": [percent(share) for share in table["contribution"]],
            "sum of importances": [f"{lost:+.4f}" for lost in table["lost"]],
            "help / hurt": [
                f"{count(a)} / {count(b)}" for a, b in zip(table["helping"], table["hurting"], strict=True)
            ],
        }
    )


def _clicked(point: Any) -> int:
    """The latent of a clicked point, whose customdata arrives as a number, a list or a dict."""
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return int(data[0] if isinstance(data, list) else data)
