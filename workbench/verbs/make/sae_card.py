"""The verb sae-card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Device, Queue, load_documents, long_job
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.sae_options import SAE_HELP
from workbench.verbs.tabular import Csv, give


def run(
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
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Measure an SAE before anything is read into its latents: its quality card.

    Reconstruction, sparsity, dead and dense latents, how much of the cosine ranking its reconstructions keep, and
    how well its latents retrieve; each beside two controls, an SAE of untrained random directions and the same SAE
    on an encoder with random weights. The card is kept in the study, and shown by the app.

    `workbench sae-card saes/mine --study studies/scifact`
    """
    from retrieval.study import Study
    from workbench.making.laboratory import card_of, card_rows, spread_of_cards
    from workbench.making.training import members

    opened = Study.open(study)
    texts = load_documents(held_out, "test").corpus.texts if held_out else None
    with long_job(f"Quality card of {sae} on {opened.name}", {}, queue) as progress:
        cards = []
        for member in members(sae):
            progress.part = f"{Path(member).name}: "
            cards.append(card_of(member, opened, texts, held_out or "", seed, device, progress))
    record = [card.to_dict() for card in cards] if len(cards) > 1 else cards[0].to_dict()
    if csv is not None:
        table = cards[0].summary_table() if len(cards) == 1 else spread_of_cards(cards)
        give(table, csv, as_json, lambda _: record)
        return
    if as_json:
        print_json(record)
        return
    print_table(card_rows(cards[0]) if len(cards) == 1 else spread_of_cards(cards))
    for note in dict.fromkeys(note for card in cards for note in card.notes):
        say(note)
