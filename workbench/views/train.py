"""Train: make an SAE. What will it cost, and how is it going?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from data.errors import UserError
from workbench import cache, frame, highlight, jobs, selection
from workbench.formats import count, size
from workbench.recipe import ARCHITECTURES, AUXILIARY_WEIGHTS, Recipe
from workbench.views.jobs import show_jobs

if TYPE_CHECKING:
    from workbench.cost import Cost

TEXTS = ("docstrings", "limit:5000")
TEXT_HELP = (
    "`docstrings` is embedded; `limit:5000` is generated. Or type a BEIR folder, a .jsonl, .csv, .tsv or .parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)
ENCODER_HELP = (
    "`minilm` is embedded, `random:minilm` its twin with random weights. Or type a folder or a hub id."
)
LAYER_HELP = (
    "The final hidden states, a layer by number (0: embeddings), or a hook point: `blocks.4.hook_out`."
)
K_HELP = "Top-K: of every token. The others: on average, which JumpReLU and Standard arrive at in training."
AUXILIARY_HELP = (
    "Adds a loss by which latents that no longer fire learn what the others leave unexplained (Gao et al. 2024). "
    "The paper states none, so it is off."
)


def page() -> None:
    frame.heading("Train", "Make an SAE: what will it cost, and how is it going?")
    left, right = st.columns([1.75, 1], gap="large")
    with left:
        recipe = form()
    with right:
        st.fragment(offer, parallel=True)(recipe)
    show_jobs()


def form() -> Recipe:
    """What to train; what was filled in stays while the session lasts."""
    text, encoder, layer = st.columns([1.6, 1, 1])
    chosen_text = _choice(text, "Text", TEXTS, "train text", TEXT_HELP)
    chosen_encoder = _choice(encoder, "Encoder", ("minilm", "random:minilm"), "train encoder", ENCODER_HELP)
    chosen_layer = _choice(layer, "Layer", ("final", "3"), "train layer", LAYER_HELP)
    architecture = st.segmented_control(
        "Architecture", list(ARCHITECTURES), default="topk", format_func=lambda name: ARCHITECTURES[name],
        key="train architecture", required=True, persist_state="session",
        help="Top-K is the paper's, by our own trainer; the others go through SAELens's.",
    )  # fmt: skip
    first, second, third, fourth = st.columns(4)
    latents = _number(first, "Latents", 8192, "train latents", low=2)
    k = _number(second, "k, latents a token", 16, "train k", help=K_HELP)
    tokens = third.text_input(
        "Token views", "6M", key="train tokens", persist_state="session", help="Such as 500k or 6M."
    )
    epochs = _number(
        fourth, "Epochs", 3, "train epochs", help="A token is seen so often; a shorter text, more often."
    )
    first, second, third, fourth = st.columns([0.8, 0.8, 1.1, 1.3], vertical_alignment="bottom")
    seed = _number(first, "Seed", 0, "train seed", low=0)
    n_seeds = _number(
        second, "Seeds", 1, "train seeds", high=20, help="How many SAEs, alike but for their seed."
    )
    name = third.text_input(
        "Name", key="train name", persist_state="session", placeholder="after its contents",
        help="Of the SAE, and of the study.",
    ).strip()  # fmt: skip
    auxiliary = fourth.toggle(
        "Auxiliary loss", key="train auxiliary", persist_state="session", help=AUXILIARY_HELP,
        disabled=architecture not in AUXILIARY_WEIGHTS,
    )  # fmt: skip
    switch, collection = st.columns([1.2, 1.8], vertical_alignment="bottom")
    then_index = switch.toggle(
        "Then index into a study", True, key="train then index", persist_state="session"
    )
    index = collection.text_input(
        "Collection to index", key="train index", persist_state="session", placeholder="the same text",
        label_visibility="collapsed", disabled=not then_index,
    ).strip()  # fmt: skip
    return Recipe(
        text=chosen_text, encoder=chosen_encoder, layer=chosen_layer, architecture=str(architecture),
        latents=latents, k=min(k, latents), tokens=tokens, epochs=epochs, seed=seed, n_seeds=n_seeds,
        auxiliary=auxiliary and architecture in AUXILIARY_WEIGHTS,
        index=(index or chosen_text) if then_index else "", name=name,
    )  # fmt: skip


def offer(recipe: Recipe) -> None:
    """The cost, and the button."""
    try:
        commands = list(recipe.commands())
        with st.spinner("Counting the text, and measuring this machine on it"):
            cost = cache.training_cost(recipe, sum(not job.living for job in jobs.jobs()))
    except UserError as error:
        st.html(highlight.calm("Not like this", str(error)))
        return
    st.html(highlight.figures(headline(cost)))
    st.html(highlight.facts(details(cost, recipe)))
    if not cost.fits:
        st.caption(f"It needs {size(cost.disk_bytes)} of disk, and {size(cost.free_bytes)} are free.")
    if st.button("Start", type="primary", key="train start", disabled=not cost.fits):
        first = None
        for argv, title in commands:
            job = jobs.start(argv, title, after=first)
            first = first or job.id
        selection.choose(job=first)
        st.rerun()
    st.caption(
        "Estimated from the first texts and training steps, measured here just now"
        + (", while another job runs." if any(job.state == "running" for job in jobs.jobs()) else ".")
    )


def headline(cost: Cost) -> list[tuple[str, str, str]]:
    """Time, disk, memory."""
    return [
        (about(cost.seconds), "", "time, about"),
        (size(cost.disk_bytes), "", "disk, at the most"),
        (size(cost.memory_bytes), "", "memory, about"),
    ]


def details(cost: Cost, recipe: Recipe) -> list[tuple[str, str]]:
    """What the cost is made of."""
    reading = cost.reading
    spread = (reading.high - reading.low) / 2 / max(1, reading.tokens)
    views = cost.token_views / recipe.n_seeds
    encode = f"{about(cost.seconds_encode)}{', in every epoch anew' if cost.streams else ''}"
    seeds = f", by {recipe.n_seeds} seeds" if recipe.n_seeds > 1 else ""
    return [
        ("Text", f"{count(reading.documents)} documents"),
        ("Tokens", count(reading.tokens) + ("" if reading.exact else f" ± {100 * spread:.2g}%, by a sample")),
        ("Seen", f"{count(views)} tokens, each {views / reading.tokens:.1f} times{seeds}"),
        ("Encode", "done before" if cost.stored else encode),
        ("Train", about(cost.seconds_train)),
        ("Token states", "not kept, too large for the disk" if cost.streams else size(cost.store_bytes)),
        ("SAE", f"{size(cost.sae_bytes)}; meanwhile {size(2 * cost.checkpoint_bytes)} of checkpoints"),
    ]


def about(seconds: float | None) -> str:
    """A duration as an estimate is told: `40 s`, `37 min`, `5.2 h`."""
    seconds = seconds or 0.0
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _choice(
    place: st.delta_generator.DeltaGenerator, name: str, options: tuple[str, ...], key: str, help: str
) -> str:
    """One of a few, or whatever is typed."""
    chosen = place.selectbox(
        name, options, key=key, help=help, accept_new_options=True, persist_state="session"
    )
    return str(chosen or options[0]).strip()


def _number(
    place: st.delta_generator.DeltaGenerator, name: str, value: int, key: str, low: int = 1,
    high: int | None = None, help: str | None = None, disabled: bool = False,
) -> int:  # fmt: skip
    """A whole number from `low` on."""
    typed = place.number_input(
        name, low, high, value, key=key, help=help, disabled=disabled, persist_state="session"
    )
    return int(typed if typed is not None else value)
