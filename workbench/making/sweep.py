"""A sweep over layers: one pass over the text for all of them, then the same SAE and the same study at each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.io

from analyses.figures.saes.layers import layers_figure
from analyses.saes.layers import layer_label, layer_table
from data.activations import select_documents
from data.corpus import Collection
from data.csv_text import csv_of
from data.encoder_config import Layer
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.files import new_file
from data.layers import write_stores
from retrieval.study import Study
from sae.train import TrainConfig
from workbench.jobs.progress import StageProgress
from workbench.making.stages import make_study, store_folder, text_source
from workbench.making.training import train_autoencoder


def sweep_layers(
    text: Collection,
    collection: Collection,
    encoder_config: EncoderConfig,
    layers: Sequence[Layer],
    config: TrainConfig,
    epochs: int,
    out: Path,
    progress: StageProgress,
    max_queries: int | None = None,
) -> list[Study]:
    """Studies of `collection` at out/layer-<layer>, by SAEs in out/saes trained on `text`; layers.csv and .html.

    No layers: every hidden layer, the embeddings first. What is finished is kept, so an interrupted sweep goes on.
    """
    if not collection.qrels:
        raise UserError(
            f"{collection.name} has no relevance judgements: sweep over a collection that has qrels"
        )
    final = Encoder.load(encoder_config)
    chosen = list(layers) or [*range(final.n_layers), None]
    encoders = {layer: final.at_layer(layer) for layer in chosen}
    rows = select_documents(final, text.corpus.texts, -(-config.n_tokens // epochs), config.seed)
    texts = [text.corpus.texts[row] for row in rows]
    some = None if len(texts) == len(text.corpus) else rows
    source = text_source(text, some)
    folders = {layer: store_folder(encoder, source) for layer, encoder in encoders.items()}
    if missing := {layer: path for layer, path in folders.items() if not (path / "manifest.json").is_file()}:
        stage = "Encode the text, all layers"
        write_stores(missing, final, texts, source, lambda done, all_: progress(stage, done, all_, "tokens"))
    studies = []
    for layer, encoder in encoders.items():
        name = f"layer-{layer_label(layer)}"
        progress.part = f"{name}: "
        sae = train_autoencoder(text, encoder, config, epochs, out / "saes" / name, progress, resume=True)
        study = make_study(collection, encoder, sae, out / name, progress, max_queries=max_queries)
        studies.append(study)
    progress.part = ""
    write_table(studies, out)
    return studies


def write_table(studies: Sequence[Study], out: Path) -> None:
    """layers.csv, and layers.html with its figure, which opens offline."""
    table = layer_table(studies)
    with new_file(out / "layers.csv") as temporary:
        temporary.write_text(csv_of(table), encoding="utf-8", newline="")
    with new_file(out / "layers.html") as temporary:
        plotly.io.write_html(layers_figure(table), str(temporary), include_plotlyjs=True)
