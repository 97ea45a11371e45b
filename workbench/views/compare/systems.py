"""Compare systems: where do their rankings differ, by how much, and by which latents?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analyses.comparison.query_rankings import query_id_of
from analyses.comparison.systems import Systems
from analyses.figures.ranking.systems import LONGEST, bump_figure, differences_figure
from analyses.statistics.ranking_agreement import overlap, rank_biased_overlap
from retrieval.study import Study
from retrieval.systems import LATENT, SYSTEMS, system_title
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.markup import highlight
from workbench.markup.failure_html import ranked_card
from workbench.markup.formats import count
from workbench.markup.templates import escape
from workbench.page import frame, selection, url_widgets
from workbench.page.evidence import calls, record
from workbench.page.sharing import offers
from workbench.views.explain import search
from workbench.views.studies import own_run

DEPTH, POOL, MOST_CARDS = 10, 1000, 10
SHORT = 11  # characters of a name where the window is narrow


def page() -> None:
    key, study = frame.opened()
    frame.heading("Compare systems", "Where do rankings differ, by how much, and by which latents?")
    query, idf = search.controls()
    version = cached_systems.runs_version(key)
    with st.spinner("Ranking every query by every system"):
        systems = cached_systems.systems(key, idf, version)
    query_id = query_id_of(study, query) if query else None
    if query:
        with st.spinner("Reading the query; the first one also loads the encoder"):
            ranking, explained = cached_systems.rankings(key, query, idf, DEPTH, version)
        record.record("places", table=ranking, call=calls.rankings(study, query, idf, DEPTH))
        show_query(key, systems, query, query_id, ranking, explained)
    if not len(systems.queries):
        st.html(highlight.note("This collection came without queries: type one above to see its rankings."))
        return
    record.record("queries", table=systems.queries, call=calls.systems(study, idf))
    show_means(*cached_systems.means(key, idf, version))
    show_queries(study, systems, query_id)
    offer_upload(study)


def show_query(
    key: cache.Key,
    systems: Systems,
    query: str,
    query_id: str | None,
    ranking: pd.DataFrame,
    explained: pd.DataFrame,
) -> None:
    """The rankings as one picture, how alike they are, and why each document stands where it does."""
    with_fusions = url_widgets.toggle("fusions", "Fusions too", False, "yes")
    able = [name for name in systems.names if f"{name}_rank" in ranking]
    shown = [name for name in able if with_fusions or not is_fusion(name)]
    first = (ranking[[f"{name}_rank" for name in shown]] <= DEPTH).fillna(False).any(axis=1)
    kept = first | ranking["relevant"]
    ranking, explained = (table[kept].reset_index(drop=True) for table in (ranking, explained))
    chosen = selection.current().get("doc")
    st.html(highlight.figures(headline(systems, query_id, ranking, shown)))
    note = "" if len(able) == len(systems.names) else "; added runs do not know this query"
    relevant = "; relevant documents are green" if ranking["relevant"].any() else ""
    frame.label(
        f"The first {DEPTH} of each, and where the others put them{relevant}{note}; click a point to mark it"
    )
    longest = SHORT if frame.is_narrow() else LONGEST
    chart = bump_figure(
        ranking, shown, DEPTH, chosen, lambda doc_id: frame.address("search", q=query, doc=doc_id), longest
    )
    event = frame.show(chart, f"bump {query} {chosen}", on_select="rerun", selection_mode="points")
    if event and event.selection.points:
        picked = _clicked(event.selection.points[0])
        selection.choose(doc=None if picked == chosen else picked)
        st.rerun()
    frame.label(
        f"Why there: contributions of latents, less their mean over the first {DEPTH}; the relevant first, then "
        "those whose places differ most"
    )
    show_explained(key, query, ranking, explained, shown, chosen)


def headline(
    systems: Systems, query_id: str | None, ranking: pd.DataFrame, shown: list[str]
) -> list[tuple[str, str, str]]:
    """nDCG@10 of each system for a judged query, then how alike the others are to the latents."""
    numbers = []
    row = systems.queries[systems.queries["query_id"] == query_id]
    for name in shown if len(row) else ():
        value = float(row[f"ndcg_{name}"].iloc[0])
        if not np.isnan(value):
            numbers.append((f"{value:.2f}", "nDCG@10", system_title(name)))
    for name in shown[1:]:
        if len(row):
            alike, rbo = (float(row[f"{measure}_{name}"].iloc[0]) for measure in ("overlap", "rbo"))
        else:  # typed by the reader: of what is shown
            first, second = (_first(ranking, system) for system in (LATENT.name, name))
            alike, rbo = overlap(first, second), rank_biased_overlap(first, second)
        if not np.isnan(alike):
            numbers.append((f"{alike:.0%}", f"RBO {rbo:.2f}", f"shared with {system_title(name)}"))
    return numbers


def show_explained(
    key: cache.Key,
    query: str,
    ranking: pd.DataFrame,
    explained: pd.DataFrame,
    shown: list[str],
    chosen: str | None,
) -> None:
    """The document marked, the relevant ones, then those whose places differ most, in ratio of rank."""
    ranks = ranking[[f"{name}_rank" for name in shown]].astype("Float64").fillna(POOL).to_numpy(float)
    shift = np.log(ranks.max(axis=1) / ranks.min(axis=1))
    names, cards = cache.labels(key), []
    largest = max((abs(value) for row in explained["more"] for value in row), default=1.0) or 1.0
    order = sorted(
        range(len(ranking)),
        key=lambda i: (ranking["doc_id"][i] != chosen, not ranking["relevant"][i], -shift[i], i),
    )
    for i in order[:MOST_CARDS]:
        row, why = ranking.iloc[i], explained.iloc[i]
        chips = [
            highlight.chip(
                f"{more:+.1f}  {names[latent]}",
                latent,
                frame.address("latent", latent=latent),
                more / largest,
                f"contribution here, less its mean over the first {DEPTH}: {more:+.2f}",
            )
            for latent, more in zip(why["latents"], why["more"], strict=True)
        ]
        places = [
            (name, None if pd.isna(row[f"{name}_rank"]) else int(row[f"{name}_rank"])) for name in shown
        ]
        address = frame.address("search", q=query, doc=row["doc_id"])
        cards.append(
            ranked_card(
                (row["title"] or row["doc_id"], address),
                chips,
                places,
                row["relevant"],
                row["doc_id"] == chosen,
            )
        )
    heads = "".join(f"<span>rank, {escape(system_title(name))}</span>" for name in shown)
    head = f'<div class="lt-columns"><span></span><span></span><div class="lt-places">{heads}</div></div>'
    st.html(f'<div class="lt-results">{head if len(shown) <= 3 else ""}{"".join(cards)}</div>')


def show_means(means: pd.DataFrame, against: pd.DataFrame) -> None:
    if not means["n"].any():
        st.html(
            highlight.note("Nobody judged these queries: rankings can be compared, but not called better.")
        )
        return
    frame.label("nDCG@10 over all judged queries, with 95% intervals, and the latents less each other system")
    others = {row["other"]: row for row in against.to_dict("records")}
    rows = [
        {
            "system": system_title(row["system"]),
            "nDCG@10 (95%)": f"{row['ndcg']:.3f} ({row['low']:.3f} to {row['high']:.3f})",
            **(_against(others[row["system"]]) if row["system"] in others else {}),
        }
        for row in means.to_dict("records")
    ]
    st.html(highlight.table(pd.DataFrame(rows).fillna("")))
    st.caption(
        "p: paired randomisation test of the mean difference, 10,000 permutations, with Holm's correction. "
        "Overlap and RBO (p = 0.9, first 100): means of the agreement with the latents' rankings."
    )


def _against(row: Mapping[Any, Any]) -> dict[str, str]:
    """The latents less one other system, query by query, as cells of the table."""
    return {
        "difference (95%)": f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})",
        "won / tied / lost": f"{count(row['won'])} / {count(row['tied'])} / {count(row['lost'])}",
        "p": f"{row['p_holm']:.2g}" if row["p_holm"] >= 0.001 else "< 0.001",
        "overlap@10": f"{row['overlap']:.2f}",
        "RBO": f"{row['rbo']:.2f}",
    }


def show_queries(study: Study, systems: Systems, query_id: str | None) -> None:
    """All queries, those first where the latents and another system differ most; a click opens one."""
    others = {name: system_title(name) for name in systems.names if name != LATENT.name}
    other = url_widgets.select("system", "Latent terms against", others, next(iter(others)))
    judged = bool(study.qrels)
    table = systems.queries.assign(difference=systems.difference(LATENT.name, other))
    if judged:
        event = frame.show(
            differences_figure(table, LATENT.name, other, query_id),
            f"differences {other} {query_id}",
            on_select="rerun",
            selection_mode="points",
        )
        if event and event.selection.points:
            open_query(table, _clicked(event.selection.points[0]), query_id)
    order = table["difference"].abs() if judged else -table[f"rbo_{other}"]
    table = table.iloc[np.argsort(-order.fillna(-9).to_numpy(), kind="stable")].reset_index(drop=True)
    frame.label("Queries, those first where the two differ most; choose a row to see its rankings")
    columns = {"query": "query"}
    if judged:
        names = [name for name in systems.names if name == other or not is_fusion(name)]
        columns |= {f"ndcg_{name}": system_title(name) for name in names} | {"difference": "difference"}
    columns |= {f"overlap_{other}": "overlap@10", f"rbo_{other}": "RBO"}
    event = st.dataframe(
        table[list(columns)].rename(columns=columns).round(3),
        hide_index=True,
        height=340,
        key=f"queries {other} {query_id}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={"query": st.column_config.TextColumn(width="large")},
    )
    if event.selection.rows:
        open_query(table, str(table["query_id"].iloc[event.selection.rows[0]]), query_id)


def open_query(table: pd.DataFrame, picked: str, query_id: str | None) -> None:
    if picked != query_id:
        selection.choose(q=table.loc[table["query_id"] == picked, "query"].iloc[0])
        st.rerun()


def offer_upload(study: Study) -> None:
    """A run of the reader's own, into the study's folder."""
    if not (offers.may("open paths") and offers.can_keep(study.path)):
        return
    with st.expander("Bring another system's ranking: a TREC run over these queries"):
        own_run.form(study)


def is_fusion(name: str) -> bool:
    """Whether a system of that name is made of others; an added run is not."""
    return name in SYSTEMS and bool(SYSTEMS[name].parts)


def _first(ranking: pd.DataFrame, system: str) -> Any:
    """Rows of the documents among the first that a system shows, in its order."""
    ranks = ranking[f"{system}_rank"]
    return ranks[ranks <= DEPTH].sort_values().index.to_numpy()


def _clicked(point: Any) -> str:
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return str(data[0] if isinstance(data, list) else data)
