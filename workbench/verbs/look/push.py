"""The verb push."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson
from workbench.verbs.printing import print_json

if TYPE_CHECKING:
    from analyses.saes.card_record import QualityCard


def run(
    sae: Annotated[str, typer.Argument(help="Folder of an SAE.", metavar="SAE")],
    to: Annotated[str, typer.Argument(help="Repository of the hub: hf:OWNER/NAME.", metavar="HF-REPO")],
    licence: Annotated[
        str,
        typer.Option(
            "--license", help="Licence of the weights, by its short name: apache-2.0, cc-by-4.0 ..."
        ),
    ],
    study: Annotated[
        Path | None,
        typer.Option(help="The study whose quality card of this SAE (sae-card) goes into the model card."),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Where others find the encoder, if it is a folder here: OWNER/NAME.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write what would be uploaded into this folder, and upload nothing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Upload an SAE to the Hugging Face hub, in SAELens's layout, with a model card of what was measured.

    The card says what the SAE was trained on and what it is worth beside its controls. Look at it first with --out.
    Example:

    `workbench push saes/mine hf:OWNER/NAME --license cc-by-4.0 --study studies/mine`
    """
    from sae.checkpoint import load_autoencoder
    from workbench.export.hub import push, released, repository_of, write_release

    repository = repository_of(to)
    loaded = load_autoencoder(Path(sae))
    card = None if study is None else _card_of(study, sae, loaded.fingerprint)
    release = released(loaded, encoder)
    if out is not None:
        if out.exists():
            raise UserError(f"{out} exists: choose a folder that does not")
        write_release(release, out, repository, licence, card)
        say(f"what would be uploaded to {repository} is in {out}; read its README.md")
        return
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "release"
        write_release(release, folder, repository, licence, card)
        address = push(folder, repository, private)
    if as_json:
        print_json({"repository": repository, "commit": address})
        return
    say(f"{repository}: {address}")


def _card_of(study: Path, sae: str, fingerprint: str) -> QualityCard:
    """The kept quality card of this SAE on a study."""
    from analyses.saes.card_record import QualityCard, card_path
    from retrieval.study import Study

    kept = card_path(Study.open(study), fingerprint)
    if not kept.is_file():
        raise UserError(
            f"study {study} keeps no quality card of {sae}: "
            f"make it with `workbench sae-card {sae} --study {study}`"
        )
    return QualityCard.open(kept)
