"""Head and tail: what do the most common and the rarest latents do?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from analyses.bands import dead_in_training, trained_on_this
from analyses.figures.pruning import WITHOUT, pruning_figure
from analyses.pruning_effect import (
    PARTS,
    SHARES,
    WHERES,
    Part,
    Pruning,
    PruningEffect,
    Where,
    pruned_latents,
    write_pruning_curve,
)
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench import cache, cached_language, cached_map, frame, highlight, selection, steering
from workbench.formats import count, number, percent
from workbench.latent_html import linked_table

PART_NAMES: dict[Part, str] = {"head": "The most frequent", "tail": "The rarest"}
WHERE_NAMES: dict[Where, str] = {"index": "Index, |d| too", "scoring": "Scoring alone"}
STEPS = sorted({*SHARES, 0.004, 0.007, 0.015, 0.04, 0.07, 0.15, 0.25, 0.4})
START, N_FIRST, N_ROWS = 0.01, 100, 14


def page() -> None:
    key, study = frame.opened()
    frame.heading("Head and tail", "What do the most common and the rarest latents do?")
    bands = cached_language.band_table(key)
    st.html(highlight.figures(headline(study, bands)))
    pruning = controls()
    if study.qrels:
        left, right = st.columns([1.9, 1], gap="large")
        with left:
            frame.label("What the ranking is worth without them: change of nDCG@10, with 95% intervals")
            show_curve(key, study, pruning)
        with right:
            show_effect(key, study, pruning)
    else:
        st.html(
            highlight.note("This collection has no relevance judgements: what pruning does cannot be said.")
        )
    left, right = st.columns([1, 1.15], gap="large")
    with left:
        frame.label(f"{PART_NAMES[pruning.part]} latents")
        show_latents(key, study, pruning)
    with right:
        frame.label("The whole vocabulary, by how many documents hold a latent")
        show_bands(bands)
        st.html(highlight.note(liveness(study, bands)))


def headline(study: Study, bands: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The numbers at the top: value, unit, what it is."""
    by_band = bands.set_index("band")
    common = by_band.reindex(["in every document", "in over half"]).fillna(0)
    asked = float(common["queries"].sum())
    once, none = (int(by_band["n_latents"].get(band, 0)) for band in ("in one document", "in none"))
    return [
        (count(int(common["n_latents"].iloc[0])), "latents", "in every document"),
        (count(int(common["n_latents"].sum())), "latents", "in over half: clipped idf 0"),
        (percent(float(common["length"].sum())), "of |d|", "is theirs"),
        *(
            [(percent(asked), "of queries' weight", "falls on them")]
            if bands["queries"].notna().any()
            else []
        ),
        (count(once), "latents", "in one document alone"),
        (count(none), "latents", "never fire here"),
    ]


def controls() -> Pruning:
    """What goes, from where, and how many; what is chosen lives in the URL."""
    here = selection.current()
    part: Part = "tail" if here.get("prune") == "tail" else "head"
    where: Where = "scoring" if here.get("where") == "scoring" else "index"
    share = nearest(here.get("share", ""))
    first, second, third = st.columns([1.35, 1.35, 2], vertical_alignment="bottom", gap="medium")
    # `or`: with required=True neither is ever None
    part = first.segmented_control(
        "Which go", PARTS, format_func=PART_NAMES.__getitem__, required=True, key=steering.take_up("prune", part)
    ) or part  # fmt: skip
    where = second.segmented_control(
        "Taken from", WHERES, format_func=WHERE_NAMES.__getitem__, required=True,
        key=steering.take_up("where", where),
    ) or where  # fmt: skip
    share = third.select_slider(
        "Share of the latents that occur", STEPS, format_func=percent, key=steering.take_up("share", share)
    )
    for name, chosen in (("prune", part), ("where", where), ("share", share)):
        steering.tell(name, chosen)
    selection.choose(prune=part, where=where, share=f"{share:g}")
    return Pruning(part, share, where, Bm25Parameters(idf=idf_of(here)))


def idf_of(here: dict[str, str]) -> cache.Idf:
    return "lucene" if here.get("idf") == "lucene" else "clipped"


def nearest(text: str) -> float:
    """The step of the slider nearest to what an address says."""
    try:
        wanted = float(text)
    except ValueError:
        return START
    return min(STEPS, key=lambda step: abs(step - wanted)) if wanted == wanted else START


def show_curve(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """The curve as the study keeps it; measured now, once, where it does not."""
    idf: cache.Idf = pruning.parameters.idf
    curve = cached_language.pruning_curve(key, idf, cached_map.modified(key, f"pruning-{idf}.parquet"))
    if curve is None:
        bar = st.progress(0.0, "Ranking without the head and the tail, once")

        def report(stage: str, done: int, total: int) -> None:
            bar.progress(done / total, f"{stage}, once")

        curve = write_pruning_curve(study, idf, progress=report)
        bar.empty()
    frame.show(pruning_figure(curve, pruning.part, pruning.where, pruning.share), "pruning")
    n = int(curve["n_queries"].iloc[0])
    of_all = len(cached_language.judged(key))
    drawn = f"Estimated on {count(n)} of {count(of_all)} queries" if n < of_all else f"All {count(n)} queries"
    st.caption(
        f"{drawn}; intervals are bootstraps over them. k1 = 8, b = 0.7, "
        f"{'clipped' if idf == 'clipped' else 'Lucene'} idf. The grey line prunes other latents, drawn at random "
        "until they have as many postings: the mean of two draws. It ends where there are not as many left."
    )


def show_effect(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """What the chosen pruning does: an estimate at once where there are many queries, then all of them."""
    place = st.empty()
    n = len(cached_language.judged(key))
    if n > 2 * N_FIRST:
        place.html(told(cached_language.effect(key, pruning, N_FIRST), n))
    place.html(told(cached_language.effect(key, pruning, None), n))
    other = replace(pruning, where="scoring" if pruning.where == "index" else "index")
    st.html(
        highlight.link(
            f"And from the {WHERE_NAMES[other.where][0].lower()}{WHERE_NAMES[other.where][1:]}?",
            frame.address("head", prune=other.part, where=other.where, share=f"{other.share:g}"),
        )
    )


def told(effect: PruningEffect, n_all: int) -> str:
    """The numbers of one pruning, as HTML."""
    estimate = f"estimate from {count(effect.n_queries)} of {count(n_all)} queries"
    others = f"{effect.control:+.4f}  ({effect.control_low:+.4f} to {effect.control_high:+.4f})"
    if effect.control != effect.control:
        others = "there are not as many left" if effect.n_queries == n_all else "to come"
    said = "all queries" if effect.n_queries == n_all else estimate
    rows = [
        ("They are", f"{count(effect.n_latents)} latents"),
        ("Their part", f"{percent(effect.postings)} of postings, {percent(effect.length)} of all |d|"),
        ("nDCG@10", f"{effect.before:.4f} with, {effect.after:.4f} without ({said})"),
        ("Change", f"{effect.change:+.4f}  ({effect.low:+.4f} to {effect.high:+.4f})"),
        ("Others, as many postings", others),
    ]  # fmt: skip
    head = highlight.label(f"Without {WITHOUT[effect.pruning.part]} {percent(effect.pruning.share)}")
    return head + highlight.facts(rows) + highlight.note(verdict(effect))


def verdict(effect: PruningEffect) -> str:
    """What the interval allows one to say."""
    if effect.n_latents == 0:
        return "Nothing goes: the share is less than one latent."
    if effect.low > 0:
        return f"The ranking gains without them, on {count(effect.n_queries)} queries."
    if effect.high < 0:
        beside = " Others would cost more." if effect.control_high < effect.low else ""
        return f"They carry a part of the ranking.{beside}"
    return f"No difference that {count(effect.n_queries)} queries can show."


def show_latents(key: cache.Key, study: Study, pruning: Pruning) -> None:
    """The first of those that go, each a link to its page."""
    table = cache.vocabulary_table(key)
    gone = pruned_latents(study.index, pruning.part, pruning.share)
    first = gone[:N_ROWS] if pruning.part == "head" else gone[::-1][:N_ROWS]
    n_docs = len(study.corpus)
    st.html(
        linked_table(
            ("latent", "number", "documents", "of all", "idf", "of |d|"),
            (
                (
                    row["label"] or "no label",
                    frame.address("latent", latent=row["latent"]),
                    (
                        str(row["latent"]), count(row["document_frequency"]),
                        percent(row["document_frequency"] / n_docs), number(row["idf"]),
                        percent(row["share_of_length"]),
                    ),
                )
                for row in table.loc[first].to_dict("records")
            ),
        )
    )  # fmt: skip
    if len(gone) > len(first):
        st.caption(f"and {count(len(gone) - len(first))} more that go with them.")


def show_bands(bands: pd.DataFrame) -> None:
    shown = pd.DataFrame({"Latents": bands["band"], "How many": bands["n_latents"].map(count)})
    for column, name in (("postings", "of postings"), ("length", "of |d|"), ("queries", "of queries")):
        shown[name] = bands[column].map(lambda part: "–" if part != part else percent(part))
    if "lexical" in bands:
        shown["lexical"] = bands["lexical"].map(lambda part: "–" if part != part else percent(part))
        shown["broad"] = bands["broad"].map(lambda part: "–" if part != part else percent(part))
    st.html(highlight.table(shown))


def liveness(study: Study, bands: pd.DataFrame) -> str:
    """What is known of the latents that never fire here."""
    none = int(bands.set_index("band")["n_latents"].get("in none", 0))
    dead = dead_in_training(study)
    if dead is None:
        return (
            f"{count(none)} latents never fire here; the SAE does not say how many were dead after training."
        )
    said = f"{count(none)} latents never fire here; {count(dead)} had ceased to fire when training ended"
    if trained_on_this(study):
        return f"{said}. The SAE was trained on these very documents."
    alive = max(none - dead, 0)
    return f"{said}, so that at least {count(alive)} were alive in training and are silent here."
