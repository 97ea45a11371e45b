"""The latent page's explanations: a language model's line on the latent, and how well that line predicts firing."""

from __future__ import annotations

import os
from datetime import datetime
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from analyses.dictionary.entry import LatentEntry
from analyses.figures.latents.explanations import detection_figure
from analyses.labels import explanations
from analyses.labels.explanation_model import KEY, KEY_URL, ChatModel
from analyses.labels.explanations import Explanation
from data.errors import UserError
from retrieval.study import Study
from workbench.caches import cache
from workbench.markup import highlight, latent_html
from workbench.markup.formats import count
from workbench.page import frame
from workbench.page.model_settings import ModelSettings, read_settings, write_settings
from workbench.page.sharing import offers

REFUSED = "explanation refused"  # in the session: why the last request failed


def show(key: cache.Key, study: Study, entry: LatentEntry) -> None:
    """The kept explanations, the newest first, and the form that requests one."""
    kept = explanations.explanations(study, latent=entry.latent)
    for each in sorted(kept, key=lambda each: -each.time):
        show_explanation(each)
    if not kept:
        st.html(
            highlight.note(
                "A language model of yours can explain this latent in a line; the line is then tested on "
                "contexts that the model has not seen."
                if offers.may("ask models")
                else "No explanation of this latent is kept."
            )
        )
    ask(study, entry.latent)


def show_explanation(each: Explanation) -> None:
    """The explanation, and how well it separates firing from silent contexts, beside the control."""
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
            f"Detection on {2 * n} contexts from other documents: {n} on which the latent fires, from four "
            f"quantile bands of activation, and {n} on which it is silent. Wilson's 95% intervals. What the "
            "control also reaches is not owed to the explanation."
        )


def numbers(each: Explanation) -> pd.DataFrame:
    """Each measure with its interval and number of contexts, beside the control's."""
    table = each.measures()
    text = [
        f"{value:.2f} ({low:.2f} to {high:.2f}), of {n}" if n else "no context predicted to fire"
        for value, low, high, n in table[["value", "low", "high", "n"]].itertuples(index=False)
    ]
    wide = (
        table.assign(text=text)
        .pivot(index="measure", columns="of", values="text")
        .loc[table["measure"].unique()]
    )
    return pd.DataFrame({"": wide.index, "Explanation": wide["explanation"], "Control": wide["control"]})


def ask(study: Study, latent: int) -> None:
    """Which model, what would be sent, and the button that sends it."""
    if not offers.may("ask models"):
        return
    if refused := st.session_state.pop(REFUSED, None):
        st.html(highlight.calm("No explanation", refused))
    try:
        requests, characters = explanations.cost(study, [latent])
    except UserError as short:
        st.html(highlight.note(f"{str(short)[0].upper()}{str(short)[1:]}."))
        return
    last = read_settings()
    with st.form(f"explain {latent}", border=False):
        where, name, button = st.columns([3, 2, 1.4], vertical_alignment="bottom")
        url = where.text_input("Address, OpenAI-compatible", last.url, placeholder="http://127.0.0.1:8000/v1")
        model = name.text_input("Model", last.model, placeholder="its name on that server")
        pressed = button.form_submit_button("Send and explain", type="primary", width="stretch")
    st.caption(
        f"Sends {count(characters)} characters of this collection to that address, in {requests} requests; nothing "
        f"is sent before you ask. {key_line()}"
    )
    if pressed:
        explain(study, latent, ModelSettings(url.strip(), model.strip()))


def key_line() -> str:
    """Whether there is a key, and to which server alone it goes."""
    if not os.environ.get(KEY):
        return f"A key would be read from {KEY}, which is not set."
    if url := os.environ.get(KEY_URL):
        server = urlsplit(url).netloc
        return f"The key of {KEY} goes to {server} and to no other server; it is neither kept nor shown."
    return f"The key of {KEY} goes nowhere: start the app with --model-url to name its server."


def explain(study: Study, latent: int, settings: ModelSettings) -> None:
    """Ask the model, with a progress bar, and draw the page again."""
    bar = st.progress(0.0, "Asking the model")

    def report(_: str, done: int, total: int) -> None:
        bar.progress(done / total, f"Asked {done} of {total}")

    try:
        model = ChatModel(settings.url, settings.model)
        write_settings(settings)
        explanations.explain_latents(study, [latent], model, progress=report)
    except UserError as refusal:
        st.session_state[REFUSED] = str(refusal)
    st.rerun()
