"""The verb that asks a language model of the reader's what latents stand for, and how well it knows."""

from __future__ import annotations

from typing import Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job


def explain_latents_verb(
    study: StudyFolder,
    latents: Annotated[list[int], typer.Argument(help="The latents, from 0.", metavar="LATENT...")],
    url: Annotated[
        str,
        typer.Option(help="What stands before /chat/completions; the last one is remembered.", metavar="URL"),
    ] = "",
    model: Annotated[
        str, typer.Option(help="The model's name on that server; the last one is remembered.", metavar="NAME")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the draw of contexts and of the control.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds that one reply may take.", min=0.1)] = 90.0,
    cost: Annotated[bool, typer.Option("--cost", help="Say what would be sent, and send nothing.")] = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Explain latents in a line each by a language model of your own, and score the lines.

    The model is any server that speaks OpenAI's chat completions, on this machine or elsewhere; its key, if it
    needs one, is read from the environment variable WORKBENCH_API_KEY. Contexts of the collection are sent to it.

    A line is scored by detection: the model says which of some held-out contexts the latent fires on, half of which
    it does. Beside it stands the same with the explanation of another latent, as a control.

    `workbench explain-latents studies/scifact 12 99 --url http://127.0.0.1:8000/v1 --model qwen3-8b`
    """
    from analyses.explanations import cost as cost_of
    from analyses.explanations import explain_latents
    from analyses.explanations_model import ChatModel
    from retrieval.study import Study
    from workbench.model_settings import ModelSettings, read_settings, write_settings

    opened, kept = Study.open(study), read_settings()
    if cost:
        requests, characters = cost_of(opened, latents, seed)
        if as_json:
            print_json({"requests": requests, "characters": characters})
        else:
            print(f"{requests:,} requests with {characters:,} characters of {opened.name}; nothing is sent")
        return
    if not (url or kept.url) or not (model or kept.model):
        raise UserError("no model is known yet: give --url and --model once, and they are remembered")
    chosen = ModelSettings(url or kept.url, model or kept.model)
    asked = ChatModel(chosen.url, chosen.model, timeout)
    named = f"latent {latents[0]}" if len(latents) == 1 else f"{len(latents)} latents"
    with long_job(f"Explanation of {named} of {opened.name}", {}, queue) as progress:
        made = explain_latents(opened, latents, asked, seed, progress)
    write_settings(chosen)
    if as_json:
        print_json([each.to_dict() for each in made])
        return
    for each in made:
        print(f"latent {each.latent}: {each.text}")
        print(f"  control, of latent {each.control_latent}: {each.control_text}")
        print_table(each.measures())
