"""The verb import-sae."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.making.defaults import DEFAULTS
from workbench.verbs.options import AsJson, Device, MaxLength
from workbench.verbs.printing import print_json
from workbench.verbs.sae_options import (
    SAE_HELP,
    DocumentPrefix,
    EncoderOptions,
    Layer,
    QueryPrefix,
    SpecialTokens,
    described,
)

if TYPE_CHECKING:
    from sae.model import SparseAutoencoder


def run(
    source: Annotated[str, typer.Argument(help=SAE_HELP, metavar="PATH-OR-ID")],
    out: Annotated[Path, typer.Option(help="Folder for the SAE, in SAELens's layout.")],
    encoder: Annotated[
        str | None, typer.Option(help="The encoder that it was trained on, where the file does not say.")
    ] = None,
    layer: Layer = DEFAULTS.layer,
    k: Annotated[int | None, typer.Option(help="Latents per token, where the file does not say.")] = None,
    max_length: MaxLength = DEFAULTS.max_length,
    query_prefix: QueryPrefix = None,
    document_prefix: DocumentPrefix = None,
    special_tokens: SpecialTokens = True,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Bring in an SAE that was made elsewhere, exactly or not at all.

    The SAE is written in SAELens's layout, which every other verb reads. Few files say which encoder's states they
    were trained on: name it here, or later at `index`. Example:

    `workbench import-sae their-sae/ --encoder minilm --layer blocks.4.hook_out --out saes/theirs`
    """
    from sae.checkpoint import save_autoencoder
    from sae.importers import import_autoencoder
    from workbench.making.stages import read_autoencoder

    if encoder:
        reading = EncoderOptions(layer, max_length, query_prefix, document_prefix, special_tokens)
        sae, _ = read_autoencoder(source, reading.of(encoder, device), device, k)
    else:
        sae = import_autoencoder(source, k)
    if not out.exists():
        save_autoencoder(sae, out)
    elif not _is(sae, out):
        raise UserError(f"{out} exists and is not this SAE: choose another folder, or remove it first")
    if as_json:
        print_json(described(sae, out))
        return
    say(f"SAE in {out}: {sae.architecture}, {sae.n_latents:,} latents of width {sae.d_model}")
    if "encoder" not in sae.trained_on:
        say(
            "The SAE does not say which encoder it was trained on: name it with --encoder when you index with it."
        )


def _is(sae: SparseAutoencoder, out: Path) -> bool:
    """Whether `out` holds this very SAE, as after a call that was killed as it ended."""
    from sae.checkpoint import CONFIG, load_autoencoder

    if not (out / CONFIG).is_file():
        return False
    kept = load_autoencoder(out)
    record = json.loads(json.dumps(dict(sae.trained_on)))
    return kept.fingerprint == sae.fingerprint and kept.trained_on == record
