"""Overview: what is this study made of, and how well does it retrieve?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.evaluation import evaluation_figure
from analyses.figures.theme import system_name
from analyses.overview import ordered_measures
from retrieval.bm25 import Bm25Parameters
from workbench import cache, frame, highlight
from workbench.formats import count, duration, percent


def page() -> None:
    key, study = frame.opened()
    manifest = study.manifest
    counts = manifest["counts"]
    frame.heading(study.name, "What is this study made of, and how well does it retrieve?")
    st.html(
        highlight.figures(
            [
                (count(counts["n_docs"]), "", "documents"),
                (count(counts["n_tokens"]), "", "tokens"),
                (count(manifest["collection"]["n_queries"]), "", "queries"),
                (count(study.n_latents), "", "latents"),
                (percent(counts["n_alive_latents"] / study.n_latents), "", "of them fire here"),
                (str(study.tokens.indices.shape[1]), "", "latents a token, at most"),
            ]
        )
    )
    table = cache.evaluation_table(key)
    picture, card = st.columns([1.75, 1], gap="large")
    with picture:
        if table.empty:
            st.html(
                highlight.calm(
                    "Not evaluated",
                    "This collection has no relevance judgements, so its rankings can be read but not scored.",
                )
            )
        else:
            frame.label("Retrieval quality, mean over queries, with 95% intervals")
            frame.show(evaluation_figure(table), "evaluation")
    with card:
        frame.label("Made of")
        st.html(highlight.facts(made_of(manifest)))
    if not table.empty:
        frame.label("Every measure: mean, its 95% interval, and queries won and lost against cosine")
        st.html(highlight.table(readable(table, study.own_score)))
        st.caption(
            f"Percentile bootstrap over {count(int(table['n_queries'].iloc[0]))} queries, 1,000 resamples, seed 0. "
            f"Wins and losses compare nDCG@10 with {system_name(study.own_score)}, the encoder's own score, query "
            "by query; ties are not counted."
        )
    with st.expander("Collection, training and versions in full"):
        st.html(highlight.preformatted(json.dumps(dict(manifest), indent=2, ensure_ascii=False)))


def made_of(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The card of a study: names and values."""
    encoder, sae, collection = manifest["encoder"], manifest["sae"], manifest["collection"]
    config, bm25 = encoder["config"], Bm25Parameters()
    layer = "final hidden states" if config.get("layer") is None else f"layer {config['layer']}"
    control = f" ({encoder['control']['kind']})" if "control" in encoder else ""
    several = "; multi-vector, its own score is MaxSim" if "multi_vector" in encoder else ""
    latents_a_token = f"k = {sae['k']}" if sae.get("architecture", "topk") == "topk" else sae["architecture"]
    rows = [
        ("Collection", str(collection["name"])),
        ("Encoder", f"{config['model']}{control}, {layer}, {encoder['d_model']} dimensions{several}"),
        ("SAE", f"{sae.get('name', '')}: {sae['n_latents']:,} latents, {latents_a_token}"),
        ("Trained on", trained_on(sae.get("trained_on", {}))),
        ("Pooling", f"{manifest['pooling']} over tokens, then the square root"),
        ("Scoring", f"BM25, k1 = {bm25.k1:g}, b = {bm25.b:g}"),
        ("Indexed in", duration(float(manifest["seconds"]))),
        ("Versions", ", ".join(f"{name} {manifest['versions'][name]}" for name in ("torch", "transformers")
                               if name in manifest["versions"])),
    ]  # fmt: skip
    problems = collection.get("problems") or {}
    if problems:
        rows.append(("Problems met", ", ".join(f"{number:,} × {kind}" for kind, number in problems.items())))
    return [(name, value) for name, value in rows if value]


def trained_on(facts: Mapping[str, Any]) -> str:
    """The text an SAE learned from and how many tokens it saw, as far as it says."""
    text = facts.get("text", "")
    name = str(text.get("name", "") if isinstance(text, Mapping) else text)
    views = facts.get("training", {}).get("n_tokens")
    return ", ".join(part for part in (name, f"{count(views)} tokens seen" if views else "") if part)


def readable(table: pd.DataFrame, own_score: str = "cosine") -> pd.DataFrame:
    """A row a system, a column a measure, each with its interval."""
    measures = ordered_measures(list(dict.fromkeys(table["measure"])))
    rows = []
    for system, part in table.groupby("system", sort=False):
        by_measure = part.set_index("measure")
        first = by_measure.loc[measures[0]]
        rows.append(
            {"System": system_name(str(system))}
            | {
                measure: f"{row['mean']:.3f}  ({row['low']:.3f} to {row['high']:.3f})"
                for measure, row in ((m, by_measure.loc[m]) for m in measures)
            }
            | {"Won / lost": "" if system == own_score else f"{first['wins']:,} / {first['losses']:,}"}
        )
    return pd.DataFrame(rows)
