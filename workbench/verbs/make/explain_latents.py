"""The verb explain-latents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from workbench.page.model_settings import ModelSettings


def run(
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
    cost: Annotated[bool, typer.Option("--cost", help="Print what would be sent, and send nothing.")] = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Explain latents in a line each by a language model of your own, and score the lines.

    The model is any server that speaks OpenAI's chat completions, on this machine or elsewhere; its key, if it
    needs one, is read from the environment variable WORKBENCH_API_KEY, and goes only to the server of --url or of
    the variable WORKBENCH_API_URL. Contexts of the collection are sent to the model.

    A line is scored by detection: the model says which of some held-out contexts the latent fires on, half of which
    it does. Beside it stands the same with the explanation of another latent, as a control.

    `workbench explain-latents studies/scifact 12 99 --url http://127.0.0.1:8000/v1 --model qwen3-8b`
    """
    from analyses.labels.explanation_model import ChatModel, bind_key
    from analyses.labels.explanations import cost as cost_of
    from analyses.labels.explanations import explain_latents
    from retrieval.study import Study
    from workbench.page.model_settings import write_settings

    opened = Study.open(study)
    if cost:
        requests, characters = cost_of(opened, latents, seed)
        if as_json:
            print_json({"requests": requests, "characters": characters})
        else:
            say(f"{requests:,} requests with {characters:,} characters of {opened.name}; nothing is sent")
        return
    settings = _settings(url, model)
    if url:
        bind_key(url)
    chat = ChatModel(settings.url, settings.model, timeout)
    named = f"latent {latents[0]}" if len(latents) == 1 else f"{len(latents)} latents"
    with long_job(f"Explanation of {named} of {opened.name}", {}, queue) as progress:
        made = explain_latents(opened, latents, chat, seed, progress)
    write_settings(settings)
    if as_json:
        print_json([each.to_dict() for each in made])
        return
    for each in made:
        say(f"latent {each.latent}: {each.text}")
        say(f"  control, of latent {each.control_latent}: {each.control_text}")
        print_table(each.measures())


def _settings(url: str, model: str) -> ModelSettings:
    """The server and the model: as they are named now, else as they are remembered."""
    from workbench.page.model_settings import ModelSettings, read_settings

    kept = read_settings()
    if not (url or kept.url) or not (model or kept.model):
        raise UserError("no model is known yet: give --url and --model once, and they are remembered")
    return ModelSettings(url or kept.url, model or kept.model)
