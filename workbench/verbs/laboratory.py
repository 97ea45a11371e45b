"""Verbs of the SAE laboratory: load others' SAEs, judge them, compare them, and make their controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import (
    AsJson,
    Device,
    DocumentPrefix,
    Layer,
    MaxLength,
    QueryPrefix,
    Queue,
    SpecialTokens,
    load_documents,
    long_job,
    parse_layer,
)

if TYPE_CHECKING:
    from analyses.sae_comparison import SaeComparison

SAE_HELP = (
    "A folder or file of SAELens, EleutherAI's sparsify or dictionary_learning, a .safetensors file with named "
    "tensors, `hf:OWNER/NAME[/FOLDER]`, or SAELens's `RELEASE/SAE_ID`."
)


def import_sae(
    source: Annotated[str, typer.Argument(help=SAE_HELP, metavar="PATH-OR-ID")],
    out: Annotated[Path, typer.Option(help="Folder for the SAE, in SAELens's layout.")],
    encoder: Annotated[
        str | None, typer.Option(help="The encoder that it was trained on, where it does not say.")
    ] = None,
    layer: Layer = "final",
    k: Annotated[int | None, typer.Option(help="Latents a token, where the file does not say.")] = None,
    max_length: MaxLength = 256,
    query_prefix: QueryPrefix = "",
    document_prefix: DocumentPrefix = "",
    special_tokens: SpecialTokens = True,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Bring in an SAE that was made elsewhere, exactly or not at all.

    It is written in SAELens's layout, which every other verb reads. Few files say which encoder's states they were
    trained on: name it here, or later at `index`. Example:

    `workbench import-sae their-sae/ --encoder minilm --layer blocks.4.hook_out --out saes/theirs`
    """
    from data.encoders import EncoderConfig
    from sae.checkpoint import save_autoencoder
    from sae.importers import import_autoencoder
    from workbench.stages import read_autoencoder
    from workbench.verbs.making import described

    if out.exists():
        raise UserError(f"{out} exists: choose another folder, or remove it first")
    if encoder:
        given = EncoderConfig(
            encoder,
            parse_layer(layer),
            max_length,
            query_prefix,
            document_prefix,
            special_tokens,
            device=device,
        )
        sae, _ = read_autoencoder(source, given, device, k)
    else:
        sae = import_autoencoder(source, k)
    save_autoencoder(sae, out)
    if as_json:
        print_json(described(sae, out))
        return
    print(f"SAE in {out}: {sae.architecture}, {sae.n_latents:,} latents of width {sae.d_model}")
    if "encoder" not in sae.trained_on:
        print(
            "It does not say which encoder it was trained on: name it with --encoder when you index with it."
        )


def sae_card(
    sae: Annotated[
        str, typer.Argument(help=f"{SAE_HELP} A family's folder gives a card each.", metavar="SAE")
    ],
    study: Annotated[Path, typer.Option(help="The study whose texts, queries and qrels it is judged by.")],
    held_out: Annotated[
        str | None,
        typer.Option(
            help="Text that the SAE has not read. Default: the study's documents where it was trained on "
            "another text, else the study's queries.",
            metavar="PATH-OR-ID",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the controls' random directions and weights.")] = 0,
    device: Device = "auto",
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Tell what an SAE is worth before anything is read into its latents: its quality card.

    Reconstruction, sparsity, dead and dense latents, how much of the cosine ranking its reconstructions keep, and
    how well its latents retrieve; each beside two controls, an SAE of untrained random directions and the same SAE
    on an encoder with random weights. The card is kept in the study, and shown by the app.

    `workbench sae-card saes/mine --study studies/scifact`
    """
    from retrieval.study import Study
    from workbench.laboratory import card_of
    from workbench.training import members

    opened = Study.open(study)
    texts = load_documents(held_out, "test").corpus.texts if held_out else None
    with long_job(f"Quality card of {sae} on {opened.name}", {}, queue) as progress:
        cards = []
        for member in members(sae):
            progress.part = f"{Path(member).name}: "
            cards.append(card_of(member, opened, texts, held_out or "", seed, device, progress))
    if as_json:
        print_json([card.to_dict() for card in cards] if len(cards) > 1 else cards[0].to_dict())
        return
    from workbench.laboratory import card_rows, spread_of_cards

    print_table(card_rows(cards[0]) if len(cards) == 1 else spread_of_cards(cards))
    for note in dict.fromkeys(note for card in cards for note in card.notes):
        print(note)


def compare_saes(
    saes: Annotated[
        list[str],
        typer.Argument(help="Two or more SAEs, families, or studies of one collection.", metavar="SAE..."),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare SAEs: which latents recur, by decoder direction and by activation, and do the rankings agree?

    SAEs alone are matched by their decoder directions. Studies of one collection are matched by activation over
    its documents too, split by document frequency and type, and their rankings are compared. Each share stands
    beside what chance gives. Example:

    `workbench compare-saes studies/a studies/b`
    """
    from workbench.laboratory import compare_paths
    from workbench.progress import StageProgress

    with StageProgress() as progress:
        comparison = compare_paths(saes, progress)
    if as_json:
        print_json(comparison.to_dict())
    else:
        print_comparison(comparison)


def print_comparison(comparison: SaeComparison) -> None:
    """Recurrence and agreement of each pair, then what varies over all."""
    recurrence, means = comparison.recurrence, comparison.ranking_means
    for (a, b), of_pair in recurrence.groupby(["a", "b"], sort=False):
        for by, table in of_pair.groupby("by", sort=False):
            print(f"{a} and {b}: latents that recur by {by}, beside the share that chance gives")
            print_table(table[["group", "value", "n_latents", "share", "low", "high", "chance", "mutual"]])
        if len(means):
            print(f"{a} and {b}: agreement of their rankings")
            print_table(means[(means["a"] == a) & (means["b"] == b)].drop(columns=["a", "b"]))
    if len(comparison.spread):
        print(f"mean and spread over {len(comparison.names)} SAEs")
        print_table(comparison.spread)
