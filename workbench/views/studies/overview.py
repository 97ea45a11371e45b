"""Overview: what is this study made of, and how well do its latents retrieve?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analyses.comparison.evaluation_table import ordered_measures
from analyses.figures.ranking.evaluation import MEASURES, evaluation_figure
from retrieval.bm25 import Bm25Parameters
from retrieval.systems import own_system, system_title
from workbench.caches import cache
from workbench.markup import highlight
from workbench.markup.formats import count, duration, percent
from workbench.page import frame
from workbench.page.evidence import calls


def page() -> None:
    key, study = frame.opened()
    manifest = study.manifest
    counts = manifest["counts"]
    frame.heading(study.name, "What is this study made of, and how well do its latents retrieve?")
    st.html(
        highlight.figures(
            [
                (count(counts["n_docs"]), "", "documents"),
                (count(counts["n_tokens"]), "", "tokens"),
                (count(manifest["collection"]["n_queries"]), "", "queries"),
                (count(study.n_latents), "", "latents"),
                (
                    percent(counts["n_alive_latents"] / study.n_latents),
                    "of the latents",
                    "active in this collection",
                ),
                (str(study.tokens.indices.shape[1]), "at most", "latents per token (L0)"),
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
                    "This collection has no relevance judgements, so its rankings cannot be evaluated.",
                )
            )
        else:
            frame.label("Retrieval quality, mean over queries, with 95% intervals")
            chart = evaluation_figure(table, MEASURES[:1] if frame.is_narrow() else MEASURES)
            frame.show(chart, "evaluation", table, calls.evaluation(study))
    with card:
        frame.label("Made of")
        st.html(highlight.facts(made_of(manifest)))
    if not table.empty:
        frame.label(
            "Every measure: mean with 95% interval, and queries won and lost against the encoder's own score"
        )
        st.html(highlight.table(readable(table, own_system(study).name)))
        st.caption(
            f"Percentile bootstrap over {count(int(table['n_queries'].iloc[0]))} queries, 1,000 resamples, seed 0. "
            f"Wins and losses compare nDCG@10 with {own_system(study).title}, the encoder's own score, query "
            "by query; ties are not counted."
        )
    with st.expander("Collection, training and versions in full"):
        st.html(highlight.preformatted(json.dumps(dict(manifest), indent=2, ensure_ascii=False)))


def made_of(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a study is made of: names and values."""
    encoder, sae, collection = manifest["encoder"], manifest["sae"], manifest["collection"]
    config, bm25 = encoder["config"], Bm25Parameters()
    layer = "final hidden states" if config.get("layer") is None else f"layer {config['layer']}"
    control = f" ({encoder['control']['kind']})" if "control" in encoder else ""
    several = "; multi-vector, its own score is MaxSim" if "multi_vector" in encoder else ""
    per_token = f"k = {sae['k']}" if sae.get("architecture", "topk") == "topk" else sae["architecture"]
    rows = [
        ("Collection", str(collection["name"])),
        ("Encoder", f"{config['model']}{control}, {layer}, {encoder['d_model']} dimensions{several}"),
        ("Put before texts", _prefixes(config)),
        ("SAE", f"{sae.get('name', '')}: {sae['n_latents']:,} latents, {per_token}"),
        ("Trained on", trained_on(sae.get("trained_on", {}))),
        ("Pooling", f"{manifest['pooling']} over tokens, then the square root"),
        ("Scoring", f"BM25, k1 = {bm25.k1:g}, b = {bm25.b:g}"),
        ("Lexical baseline", f"stems, {str(manifest.get('language', 'english')).capitalize()}"),
        ("Indexed in", duration(float(manifest["seconds"]))),
        (
            "Versions",
            ", ".join(
                f"{name} {manifest['versions'][name]}"
                for name in ("torch", "transformers")
                if name in manifest["versions"]
            ),
        ),
    ]
    problems = collection.get("problems") or {}
    if problems:
        rows.append(("Problems met", ", ".join(f"{number:,} × {kind}" for kind, number in problems.items())))
    rows.extend(("Warning", str(sentence)) for sentence in manifest.get("warnings", ()))
    return [(name, value) for name, value in rows if value]


def _prefixes(config: Mapping[str, Any]) -> str:
    """The encoder's prefixes, the user's or the model's own; "" without any."""
    given = {kind: config.get(f"{kind}_prefix") for kind in ("query", "document")}
    return ", ".join(f"“{prefix}” before a {kind}" for kind, prefix in given.items() if prefix)


def trained_on(facts: Mapping[str, Any]) -> str:
    """The text that an SAE was trained on and its training tokens, as far as the SAE records them."""
    text = facts.get("text", "")
    name = str(text.get("name", "") if isinstance(text, Mapping) else text)
    n_tokens = facts.get("training", {}).get("n_tokens")
    return ", ".join(
        part for part in (name, f"{count(n_tokens)} training tokens" if n_tokens else "") if part
    )


def readable(table: pd.DataFrame, own_score: str = "cosine") -> pd.DataFrame:
    """One row per system, one column per measure, each with its interval."""
    measures = ordered_measures(list(dict.fromkeys(table["measure"])))
    rows = []
    for system, part in table.groupby("system", sort=False):
        by_measure = part.set_index("measure")
        first = by_measure.loc[measures[0]]
        rows.append(
            {"System": system_title(str(system))}
            | {
                measure: f"{row['mean']:.3f}  ({row['low']:.3f} to {row['high']:.3f})"
                for measure, row in ((m, by_measure.loc[m]) for m in measures)
            }
            | {"Won / lost": "" if system == own_score else f"{first['wins']:,} / {first['losses']:,}"}
        )
    return pd.DataFrame(rows)
