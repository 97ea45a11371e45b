"""The verb steering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, query_text
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import records

if TYPE_CHECKING:
    from analyses.interventions.steering import Steered


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    latent: Annotated[int, typer.Argument(help="The latent whose direction is added.")],
    strength: Annotated[
        float, typer.Option(help="How much of it, in units of activation; 0 removes it.", min=0)
    ] = 4.0,
    doc: Annotated[
        str | None, typer.Option(help="Steer this document, not the query.", metavar="DOC_ID")
    ] = None,
    tokens: Annotated[
        str, typer.Option(help="Positions of the tokens that are changed, such as 1,4; without it all.")
    ] = "",
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Add a latent's direction to the encoder's token states, or remove it, and rank with what comes out.

    Beside it the mean over eight random latents' directions of the same length, at the same tokens.

    `workbench steering studies/scifact "aspirin and bleeding" 123 --strength 8`
    """
    from analyses.comparison.query_rankings import query_id_of
    from analyses.interventions.steering import Steer, steer
    from retrieval.study import Study

    opened, parameters, asked = Study.open(study), bm25(idf), query_text(query)
    words = tokens.replace(",", " ").split()
    if not all(word.isdigit() for word in words):
        raise UserError(f"--tokens {tokens!r} is not a list of positions: expected something like 1,4")
    if doc is not None and doc not in opened.position:
        raise UserError(f'there is no document "{doc}" in study {opened.name}')
    change = Steer(latent, strength or None, tuple(map(int, words)) or None)
    text = asked if doc is None else opened.corpus.texts[opened.position[doc]]
    kind, query_id = ("query" if doc is None else "document"), query_id_of(opened, asked)
    steered = steer(
        opened,
        text,
        kind,  # type: ignore[arg-type]  # one of the two
        change,
        opened.encode(asked),
        doc,
        parameters,
        query_id,
    )
    if as_json:
        print_json({"query": asked, "latent": latent, **_record(steered)})
        return
    controls, (of_latents, of_cosine) = steered.controls, steered.overlaps
    say(f"cosine with the unchanged text {steered.shift:.4f}, random {controls['shift'].mean():.4f}")
    for name, kept, column in (("latents", of_latents, "latent"), ("cosine", of_cosine, "cosine")):
        random = controls[f"{column}_overlap"].mean()
        say(f"of the first ten stay, by {name}: {kept:.0%}, random {random:.0%}")
    print_table(steered.latents.head(20))
    print_table(steered.latent_ranking)


def _record(steered: Steered) -> dict[str, object]:
    return {
        "shift": steered.shift,
        "overlap_latents": steered.overlaps[0],
        "overlap_cosine": steered.overlaps[1],
        "latents": records(steered.latents),
        "tokens": records(steered.tokens),
        "ranking_latents": records(steered.latent_ranking),
        "ranking_cosine": records(steered.cosine_ranking),
        "controls": records(steered.controls),
    }
