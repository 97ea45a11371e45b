"""Steering: what if the encoder had seen more of it?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.difference import changes_figure
from analyses.figures.paths import paths_figure
from analyses.steering import Steer, Steered
from retrieval.study import Study
from workbench import cache, cached_steering, frame, highlight, selection
from workbench.formats import count
from workbench.views import search

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
SIDES = {"query": "The query", "document": "A document"}
ACTS = {"add": "Put it in", "ablate": "Take it out"}
START, TOP = 4.0, 12


def page() -> None:
    key, study = frame.opened()
    frame.heading("Steering", "What if the encoder had seen more of it, or none?")
    query, idf = search.controls(study)
    if not query:
        st.html(
            highlight.calm(
                "Ask something",
                "Then put a latent's direction into the encoder's token states, and see what comes out at its end.",
            )
        )
        search.show_examples(study, "steer")
        return
    with st.spinner("Reading the query; the first one also loads the encoder"):
        latents = cache.query_latents(key, query, idf)
    if latents.empty:
        st.html(highlight.calm("No latents", "No latent fires on this query: ask in other words."))
        return
    change, doc_id = choose(key, study, query, idf, latents)
    with st.spinner("Running the encoder with its states changed, and with random directions beside it"):
        found = cached_steering.steered(key, query, doc_id, change, idf)
    show(key, study, query, change, found)


def choose(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame
) -> tuple[Steer, str | None]:
    """Latent, act, strength, side and tokens; they live in the URL."""
    here, names = selection.current(), cache.labels(key)
    side = "document" if here.get("place") == "document" else "query"
    act = "ablate" if here.get("factor") == "0" else "add"
    said = here.get("latent", "")
    latent = int(said) if said.isdigit() and int(said) < study.n_latents else int(latents["latent"].iloc[0])
    strength = min(STRENGTHS, key=lambda step: abs(step - selection.number("mass", START)))
    first, second, third, fourth = st.columns([1.7, 1, 1.2, 1], gap="medium", vertical_alignment="bottom")
    options = list(dict.fromkeys([latent, *latents["latent"].tolist()]))
    picked = first.selectbox(
        "Latent, of the query or by number", options, options.index(latent), key=f"steer {latent}",
        format_func=lambda j: f"{names.get(j, '')}  {j}", accept_new_options=True,
    )  # fmt: skip
    picked_act = second.segmented_control(
        "What to do", list(ACTS), default=act, format_func=ACTS.__getitem__, required=True, key=f"act {act}"
    )
    picked_strength = third.select_slider(
        "Strength, in units of activation",
        STRENGTHS,
        strength,
        disabled=act == "ablate",
        key=f"strength {strength}",
    )
    picked_side = fourth.segmented_control(
        "In which text",
        list(SIDES),
        default=side,
        format_func=SIDES.__getitem__,
        required=True,
        key=f"side {side}",
    )
    number = int(picked) if str(picked).isdigit() and int(picked) < study.n_latents else latent
    if (number, picked_act, picked_strength, picked_side) != (latent, act, strength, side):
        selection.choose(
            latent=number, factor="0" if picked_act == "ablate" else None, mass=f"{picked_strength:g}",
            place=picked_side,
        )  # fmt: skip
        st.rerun()
    doc_id = None
    if side == "document":
        ranking = cache.rankings(key, query, idf, search.DEPTH)
        asked = here.get("doc", "")
        doc_id = asked if asked in study.position else str(ranking["doc_id"].iloc[0])
    return Steer(latent, None if act == "ablate" else strength, tokens_said(here)), doc_id


def tokens_said(here: dict[str, str]) -> tuple[int, ...] | None:
    """The tokens that the URL names; None for all."""
    said = [int(text) for text in here.get("part", "").split(",") if text.isdigit()]
    return tuple(said) or None


def show(key: cache.Key, study: Study, query: str, change: Steer, found: Steered) -> None:
    """Latents, rankings by latents and by cosine, and the control."""
    frame.label("At which tokens; the number is how strongly the latent fires there, before → after")
    choose_tokens(change, found)
    latents, cosine = found.overlaps
    controls = found.controls
    st.html(
        highlight.figures(
            [
                (
                    f"{found.shift:.3f}",
                    f"random {controls['shift'].mean():.3f}",
                    "cosine with the text as it was",
                ),
                (
                    f"{10 * latents:.0f} of 10",
                    f"random {10 * controls['latent_overlap'].mean():.1f}",
                    "stay, by latents",
                ),
                (
                    f"{10 * cosine:.0f} of 10",
                    f"random {10 * controls['cosine_overlap'].mean():.1f}",
                    "stay, by cosine",
                ),
            ]
        )
    )
    link = frame.address
    one, two, three = st.columns([1, 1.25, 1.25], gap="medium")
    with one:
        frame.label("What the SAE then reads: change of mass")
        frame.show(
            changes_figure(found.latents, cache.labels(key), TOP, lambda j: link("latent", latent=j)),
            "changes",
        )
    for column, name, ranking in (
        (two, "latents", found.latent_ranking),
        (three, "cosine", found.cosine_ranking),
    ):
        with column:
            frame.label(f"Ranking by {name}")
            frame.show(
                paths_figure(ranking, link=lambda doc: link("search", q=query, doc=doc), longest=15),
                f"{name} paths",
            )
    where = study.manifest["encoder"]["config"]["layer"]
    layer = "the final hidden states, so only pooling comes after" if where is None else f"layer {where}"
    st.caption(
        f"The direction is the latent's row of the decoder, at {layer}. Random: the mean of {count(len(controls))} "
        "other latents' directions, drawn by a fixed seed and scaled to the same length, at the same tokens. A "
        "document keeps avg|d| and idf as they were."
    )


def choose_tokens(change: Steer, found: Steered) -> None:
    """The text's tokens as choices; none chosen is all."""
    rows = found.tokens.to_dict("records")
    told = {row["position"]: f"{row['token']} {row['before']:.1f} → {row['after']:.1f}" for row in rows}
    now = list(change.tokens or ())
    picked = st.pills(
        "Tokens", list(told), selection_mode="multi", default=now, format_func=told.__getitem__,
        label_visibility="collapsed", key=f"tokens {now} {change.latent} {len(rows)}",
    )  # fmt: skip
    if sorted(picked) != sorted(now):
        selection.choose(part=",".join(map(str, sorted(picked))) or None)
        st.rerun()
