"""Steering: what does the encoder make of a text whose token states hold more, or none, of a latent?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.figures.ranking.difference import changes_figure
from analyses.figures.style.paths import paths_figure
from analyses.interventions.steering import Steer, Steered
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench.caches import cache
from workbench.caches import steering as cached_steering
from workbench.markup import highlight
from workbench.markup.formats import count
from workbench.page import frame, selection, url_widgets
from workbench.page.evidence import calls, record
from workbench.page.url_widgets import Spelling
from workbench.views.explain import search

STRENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
SIDES = {"query": "The query", "document": "A document"}
ACTS = {"add": "Add", "ablate": "Remove"}
START, TOP = 4.0, 12
LONGEST = 19  # characters of a title, in half a page


def page() -> None:
    key, study = frame.opened()
    frame.heading(
        "Steering",
        "How do rankings change when a latent's direction is added to the token states, or removed?",
    )
    query, idf = search.controls()
    if not query:
        st.html(
            highlight.calm(
                "Ask something",
                "Then add a latent's direction to the encoder's token states, and see how rankings change.",
            )
        )
        search.show_examples(study, "steering")
        return
    with st.spinner(search.READING):
        latents = cache.query_latents(key, query, idf)
    if latents.empty:
        st.html(highlight.calm("No latents", "No latent fires on this query: ask in other words."))
        return
    change, doc_id = choose(key, study, query, idf, latents)
    with st.spinner("Running the encoder with changed token states, and with random directions as a control"):
        steered = cached_steering.steered(key, query, doc_id, change, idf)
    show(key, study, query, change, steered)
    record.record("changes", table=steered.latents, call=calls.steered(study, query, doc_id, change, idf))


def choose(
    key: cache.Key, study: Study, query: str, idf: cache.Idf, latents: pd.DataFrame
) -> tuple[Steer, str | None]:
    """Latent, act, strength, side and tokens, as the URL keeps them; the document that is steered, if one is."""
    first, second, third, fourth = st.columns([1.7, 1, 1.2, 1], gap="medium", vertical_alignment="bottom")
    latent = one_latent(key, study, latents["latent"].tolist(), first)
    act = url_widgets.segmented("factor", "What to do", ACTS, "add", second, {"ablate": "0"})
    strength = url_widgets.select_slider(
        "mass", "Strength, in units of activation", STRENGTHS, START, third, disabled=act == "ablate"
    )
    side = url_widgets.segmented("place", "In which text", SIDES, "query", fourth)
    doc_id = None
    if side == "document":
        ranking = cache.rankings(key, query, idf, search.DEPTH)
        in_url = selection.current().get("doc", "")
        doc_id = in_url if in_url in study.position else str(ranking["doc_id"].iloc[0])
    return Steer(latent, None if act == "ablate" else strength, chosen_tokens()), doc_id


def one_latent(key: cache.Key, study: Study, ordered: list[int], place: url_widgets.Place) -> int:
    """The latent that is steered: one of the query, the strongest first, or any other by its number."""
    labels = cache.labels(key)

    def known(text: str) -> int | None:
        return int(text) if text.isdecimal() and int(text) < study.n_latents else None

    in_url = known(selection.current().get("latent", ""))
    options = list(dict.fromkeys([*([] if in_url is None else [in_url]), *ordered]))

    def draw(widget: str) -> int:
        drawn = place.selectbox(
            "Latent of the query, or any by number",
            options,
            key=widget,
            format_func=lambda j: latent_name(j, labels.get(j, "")) if isinstance(j, int) else str(j),
            accept_new_options=True,
        )
        latent = known(str(drawn))
        return options[0] if latent is None else latent

    return url_widgets.bound("latent", ordered[0], Spelling(known, str), draw, options, keep_default=True)


def chosen_tokens() -> tuple[int, ...] | None:
    """The tokens that the URL names; None for all."""
    parts = selection.current().get("part", "").split(",")
    return tuple(int(part) for part in parts if part.isdecimal()) or None


def show(key: cache.Key, study: Study, query: str, change: Steer, steered: Steered) -> None:
    """The change of latents, both rankings, and the control."""
    frame.label("Tokens that are changed (none chosen: all), with the latent's activation before → after")
    choose_tokens(change, steered)
    latents, cosine = steered.overlaps
    controls = steered.controls
    st.html(
        highlight.figures(
            [
                (
                    f"{steered.shift:.3f}",
                    f"random {controls['shift'].mean():.3f}",
                    "cosine with the unchanged text",
                ),
                (
                    f"{10 * latents:.0f} of 10",
                    f"random {10 * controls['latent_overlap'].mean():.1f}",
                    "of the first ten stay, by latents",
                ),
                (
                    f"{10 * cosine:.0f} of 10",
                    f"random {10 * controls['cosine_overlap'].mean():.1f}",
                    "of the first ten stay, by cosine",
                ),
            ]
        )
    )
    link = frame.address
    for column, name, ranking in zip(
        st.columns(2, gap="large"),
        ("latents", "cosine"),
        (steered.latent_ranking, steered.cosine_ranking),
        strict=True,
    ):
        with column:
            frame.label(f"Ranking by {name}")
            chart = paths_figure(
                ranking,
                link=lambda doc: link("search", q=query, doc=doc),
                longest=LONGEST,
                narrow=frame.is_narrow(),
            )
            frame.show(chart, f"{name} paths")
    frame.label("Change of summed activation, by latent")
    frame.show(
        changes_figure(steered.latents, cache.labels(key), TOP, lambda j: link("latent", latent=j)),
        "changes",
    )
    where = study.manifest["encoder"]["config"]["layer"]
    layer = "the final hidden states, so only pooling comes after" if where is None else f"layer {where}"
    st.caption(
        f"The direction is the latent's row of the decoder, added at {layer}. Random: the mean of "
        f"{count(len(controls))} other latents' directions, drawn by a fixed seed and scaled to the same "
        "length, at the same tokens. A document keeps avg|d| and idf as they were."
    )


def choose_tokens(change: Steer, steered: Steered) -> None:
    """The text's tokens as choices; none chosen is all."""
    rows = steered.tokens.to_dict("records")
    names = {row["position"]: f"{row['token']} {row['before']:.1f} → {row['after']:.1f}" for row in rows}
    chosen = url_widgets.pills("part", "Tokens", names, label_visibility="collapsed")
    if chosen != (change.tokens or ()):
        st.rerun()
