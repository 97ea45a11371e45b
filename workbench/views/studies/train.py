"""Train: train an SAE; its cost before, its progress after."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from data.errors import UserError
from workbench.caches import cache
from workbench.jobs import jobs
from workbench.making.recipe import ARCHITECTURES, AUXILIARY_WEIGHTS, Recipe
from workbench.markup import highlight
from workbench.markup.formats import count, size
from workbench.page import frame, selection
from workbench.page.sharing import offers
from workbench.views.studies.jobs import show_jobs

if TYPE_CHECKING:
    from workbench.making.cost import Cost

TEXTS = ("docstrings", "limit:5000")
TEXT_HELP = (
    "`docstrings` is embedded; `limit:5000` is generated. Or type a BEIR folder, a .jsonl, .csv, .tsv or .parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)
ENCODER_HELP = (
    "`minilm` is embedded; `random:minilm` is the same architecture with random weights. Or type a folder or a "
    "hub id."
)
LAYER_HELP = (
    "The final hidden states, a layer by number (0: embeddings), or a hook point: `blocks.4.hook_out`."
)
K_HELP = "Latents per token (L0). Top-K: of every token; the others: on average, which training aims at."
EPOCHS_HELP = "How often each token is read; more often where the text is short."
AUXILIARY_HELP = (
    "Adds a loss by which latents that no longer fire learn what the others leave unexplained (Gao et al. 2024). "
    "Off by default: the paper states none."
)


def page() -> None:
    frame.heading("Train", "Train an SAE: what will training cost, and how far is it?")
    if not offers.may("start jobs"):
        st.html(
            highlight.calm(
                "Not in this app", "It is shared to be read: it neither starts nor shows trainings."
            )
        )
        return
    left, right = st.columns([1.75, 1], gap="large")
    with left:
        recipe = form()
    with right:
        st.fragment(offer, parallel=True)(recipe)
    show_jobs()


def form() -> Recipe:
    """The form; its values stay while the session lasts."""
    return _study(_seeds(_size(_source(Recipe()))))


def _source(recipe: Recipe) -> Recipe:
    """Text, encoder, layer and architecture."""
    first, second, third = st.columns([1.6, 1, 1])
    text = _choice(first, "Text", TEXTS, "train text", TEXT_HELP)
    encoder = _choice(second, "Encoder", ("minilm", "random:minilm"), "train encoder", ENCODER_HELP)
    layer = _choice(third, "Layer", ("final", "3"), "train layer", LAYER_HELP)
    architecture = st.segmented_control(
        "Architecture",
        list(ARCHITECTURES),
        default=recipe.architecture,
        format_func=lambda name: ARCHITECTURES[name],
        key="train architecture",
        required=True,
        persist_state="session",
        help="Top-K is the paper's, by our own trainer; the others go through SAELens's.",
    )
    return replace(recipe, text=text, encoder=encoder, layer=layer, architecture=str(architecture))


def _size(recipe: Recipe) -> Recipe:
    """Latents, k, training tokens and epochs."""
    first, second, third, fourth = st.columns(4)
    latents = _number(first, "Latents", recipe.latents, "train latents", low=2)
    k = _number(second, "k, latents per token", recipe.k, "train k", help=K_HELP)
    tokens = third.text_input(
        "Training tokens",
        recipe.tokens,
        key="train tokens",
        persist_state="session",
        help="Tokens read in training, repeats counted, such as 500k or 6M.",
    )
    epochs = _number(fourth, "Epochs", recipe.epochs, "train epochs", help=EPOCHS_HELP)
    return replace(recipe, latents=latents, k=min(k, latents), tokens=tokens, epochs=epochs)


def _seeds(recipe: Recipe) -> Recipe:
    """Seeds, name and auxiliary loss."""
    first, second, third, fourth = st.columns([0.8, 0.8, 1.1, 1.3], vertical_alignment="bottom")
    seed = _number(first, "Seed", recipe.seed, "train seed", low=0)
    n_seeds = _number(
        second,
        "Seeds",
        recipe.n_seeds,
        "train seeds",
        high=20,
        help="How many SAEs that differ only in the seed.",
    )
    name = third.text_input(
        "Name",
        key="train name",
        persist_state="session",
        placeholder="from its settings",
        help="Of the SAE and of the study.",
    ).strip()
    offered = recipe.architecture in AUXILIARY_WEIGHTS
    auxiliary = fourth.toggle(
        "Auxiliary loss",
        key="train auxiliary",
        persist_state="session",
        help=AUXILIARY_HELP,
        disabled=not offered,
    )
    return replace(recipe, seed=seed, n_seeds=n_seeds, name=name, auxiliary=auxiliary and offered)


def _study(recipe: Recipe) -> Recipe:
    """The collection that is indexed after training, if one is."""
    switch, collection = st.columns([1.2, 1.8], vertical_alignment="bottom")
    then_index = switch.toggle(
        "Then index into a study", True, key="train then index", persist_state="session"
    )
    index = collection.text_input(
        "Collection to index",
        key="train index",
        persist_state="session",
        placeholder="the same text",
        label_visibility="collapsed",
        disabled=not then_index,
    ).strip()
    return replace(recipe, index=(index or recipe.text) if then_index else "")


def offer(recipe: Recipe) -> None:
    """The cost, and the button."""
    try:
        commands = list(recipe.commands())
        with st.spinner("Counting the text, and measuring this machine on it"):
            cost = cache.training_cost(recipe, sum(not job.living for job in jobs.jobs()))
    except UserError as error:
        st.html(highlight.calm("These settings do not work", str(error)))
        return
    st.html(highlight.figures(headline(cost)))
    st.html(highlight.facts(details(cost, recipe)))
    if not cost.fits:
        st.caption(f"Training needs {size(cost.disk_bytes)} of disk; {size(cost.free_bytes)} are free.")
    if st.button("Start", type="primary", key="train start", disabled=not cost.fits):
        first = None
        for argv, title in commands:
            job = jobs.start(argv, title, after=first)
            first = first or job.id
        selection.choose(job=first)
        st.rerun()
    st.caption(
        "Estimated from the first texts and training steps, measured on this machine just now"
        + (", while another job runs." if any(job.state == "running" for job in jobs.jobs()) else ".")
    )


def headline(cost: Cost) -> list[tuple[str, str, str]]:
    """Time, disk, memory."""
    return [
        (about(cost.seconds), "", "time, estimated"),
        (size(cost.disk_bytes), "", "disk, at most"),
        (size(cost.memory_bytes), "", "memory, estimated"),
    ]


def details(cost: Cost, recipe: Recipe) -> list[tuple[str, str]]:
    """The parts of the cost."""
    reading = cost.reading
    spread = (reading.high - reading.low) / 2 / max(1, reading.tokens)
    per_seed = cost.token_views / recipe.n_seeds
    encode = f"{about(cost.seconds_encode)}{', in every epoch' if cost.streams else ''}"
    seeds = f", by {recipe.n_seeds} seeds" if recipe.n_seeds > 1 else ""
    return [
        ("Text", f"{count(reading.documents)} documents"),
        ("Tokens", count(reading.tokens) + ("" if reading.exact else f" ± {100 * spread:.2g}%, by a sample")),
        ("Training tokens", f"{count(per_seed)}, each read {per_seed / reading.tokens:.1f} times{seeds}"),
        ("Encode", "already done" if cost.stored else encode),
        ("Train", about(cost.seconds_train)),
        ("Token states", "not kept: too large for the disk" if cost.streams else size(cost.store_bytes)),
        ("SAE", f"{size(cost.sae_bytes)}; during training {size(2 * cost.checkpoint_bytes)} of checkpoints"),
    ]


def about(seconds: float | None) -> str:
    """An estimated duration: `40 s`, `37 min`, `5.2 h`."""
    seconds = seconds or 0.0
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _choice(
    place: st.delta_generator.DeltaGenerator, name: str, options: tuple[str, ...], key: str, help: str
) -> str:
    """One of a few options, or any text that is typed."""
    chosen = place.selectbox(
        name, options, key=key, help=help, accept_new_options=True, persist_state="session"
    )
    return str(chosen or options[0]).strip()


def _number(
    place: st.delta_generator.DeltaGenerator,
    name: str,
    value: int,
    key: str,
    low: int = 1,
    high: int | None = None,
    help: str | None = None,
    disabled: bool = False,
) -> int:
    """A whole number from `low` on."""
    typed = place.number_input(
        name, low, high, value, key=key, help=help, disabled=disabled, persist_state="session"
    )
    return int(typed if typed is not None else value)
