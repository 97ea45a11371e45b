"""The latent page's explanations: what a language model of the reader's says of it, and how well it knows."""

from __future__ import annotations

import os
from datetime import datetime

import pandas as pd
import streamlit as st

from analyses import explanations
from analyses.dictionary import LatentEntry
from analyses.explanations import Explanation
from analyses.explanations_model import KEY, ChatModel
from analyses.figures.explanations import detection_figure
from data.errors import UserError
from retrieval.study import Study
from workbench import cache, frame, highlight, latent_html
from workbench.formats import count
from workbench.model_settings import ModelSettings, read_settings, write_settings

REFUSED = "explanation refused"  # in the session: why the last question came to nothing


def show(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """The kept explanations, the newest first, and the form that asks for one."""
    kept = explanations.explanations(study, latent=entry.latent)
    for each in sorted(kept, key=lambda each: -each.time):
        show_explanation(each)
    if not kept:
        st.html(
            highlight.note(
                "A language model of yours can say in a line what this latent stands for, and is then tested on "
                "contexts that it has not seen."
            )
        )
    ask(study, entry.latent)


def show_explanation(each: Explanation) -> None:
    """The line, and how well it tells firing from silence beside its control."""
    left, right = st.columns([1, 1.3], gap="large")
    when = datetime.fromtimestamp(each.time).strftime("%Y-%m-%d %H:%M")
    left.html(
        latent_html.explanation(
            each.text,
            f"{each.model}, {when}, prompts {each.prompts}, from {each.n_explaining} contexts",
            each.control_text,
            frame.address("latent", latent=each.control_latent),
        )
        + highlight.table(numbers(each))
    )
    with right:
        frame.show(detection_figure(each.measures()), f"detection {each.model}")
        n = each.detection.n_firing
        st.caption(
            f"Detection on {2 * n} stretches of text from other documents: {n} in which it fires, from four "
            f"quantile bands of its activation, and {n} in which it is silent. Wilson's 95% intervals. What the "
            "control also reaches is not owed to the explanation."
        )


def numbers(each: Explanation) -> pd.DataFrame:
    """Each measure with its interval and the n that it is of, beside the control's."""
    table = each.measures()
    text = [
        f"{value:.2f} ({low:.2f} to {high:.2f}), of {n}" if n else "nothing said to fire"
        for value, low, high, n in table[["value", "low", "high", "n"]].itertuples(index=False)
    ]
    wide = (
        table.assign(text=text)
        .pivot(index="measure", columns="of", values="text")
        .loc[table["measure"].unique()]
    )
    return pd.DataFrame({"": wide.index, "Explanation": wide["explanation"], "Control": wide["control"]})


def ask(study: Study, latent: int) -> None:
    """Which model, what would be sent to it, and the button that sends it."""
    if refused := st.session_state.pop(REFUSED, None):
        st.html(highlight.calm("No explanation", refused))
    try:
        requests, characters = explanations.cost(study, [latent])
    except UserError as short:
        st.html(highlight.note(f"{str(short)[0].upper()}{str(short)[1:]}."))
        return
    known = read_settings()
    with st.form(f"explain {latent}", border=False):
        where, name, button = st.columns([3, 2, 1.4], vertical_alignment="bottom")
        url = where.text_input(
            "Address, OpenAI-compatible", known.url, placeholder="http://127.0.0.1:8000/v1"
        )
        model = name.text_input("Model", known.model, placeholder="its name on that server")
        pressed = button.form_submit_button("Send and explain", type="primary", width="stretch")
    key = f"is set in {KEY}" if os.environ.get(KEY) else f"would be read from {KEY}, which is not set"
    st.caption(
        f"Sends {count(characters)} characters of this collection to that address, in {requests} requests; nothing "
        f"is sent before you ask. A key {key}; it is neither kept nor shown."
    )
    if pressed:
        explain(study, latent, ModelSettings(url.strip(), model.strip()))


def explain(study: Study, latent: int, settings: ModelSettings) -> None:
    """Ask, with a bar that fills, and show the page anew."""
    bar = st.progress(0.0, "Asking the model")

    def tell(_: str, done: int, total: int) -> None:
        bar.progress(done / total, f"Asked {done} of {total}")

    try:
        asked = ChatModel(settings.url, settings.model)
        write_settings(settings)
        explanations.explain_latents(study, [latent], asked, progress=tell)
    except UserError as refusal:
        st.session_state[REFUSED] = str(refusal)
    st.rerun()
