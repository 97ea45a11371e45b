"""The verb pretrain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.encoder_config import EncoderConfig
from data.pretraining_config import PretrainConfig
from data.terminal import say
from workbench.making.parsing import parse_count, written_count
from workbench.verbs.options import AsJson, Device, Queue, Resume, Source, Split, load_documents, long_job
from workbench.verbs.printing import print_json

if TYPE_CHECKING:
    from data.pretraining import PretrainStep


def run(
    text: Source,
    out: Annotated[Path, typer.Option(help="Folder for the encoder, which --encoder then takes.")],
    architecture: Annotated[
        str, typer.Option(help="The encoder whose architecture and tokenizer are taken; not its weights.")
    ] = EncoderConfig.model,
    tokens: Annotated[
        str, typer.Option(help="Training tokens (repeats counted), such as 2M.")
    ] = written_count(PretrainConfig.tokens),
    batch: Annotated[int, typer.Option(help="Windows per batch.")] = PretrainConfig.batch_size,
    max_length: Annotated[int, typer.Option(help="Tokens in a window.")] = PretrainConfig.max_length,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = PretrainConfig.learning_rate,
    seed: Annotated[int, typer.Option(help="Seed of weights, masks and order.")] = PretrainConfig.seed,
    device: Device = "auto",
    split: Split = "test",
    resume: Resume = False,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Pre-train a control encoder: the same architecture as a masked language model, never trained for retrieval.

    The paper's control is a BERT that never saw a query. This is a short training from random weights on your
    text, and labelled as such; where a hub is at hand, `--encoder bert-base-uncased` is the real one. Example:

    `workbench pretrain --text my-corpus/ --out encoders/mlm`
    """
    from data.corpus import corpus_fingerprint
    from data.files import read_json
    from data.pretraining import pretrain

    config = PretrainConfig(parse_count(tokens), batch, max_length, seed, learning_rate)
    read = load_documents(text, split)
    source = {"name": read.name, "fingerprint": corpus_fingerprint(read.corpus)}
    title = f"Control encoder {out.name} on {read.name}"
    with long_job(title, {"encoder": out}, queue, resumes=True) as progress:

        def report(step: PretrainStep) -> None:
            note = f"loss {step.loss:.3f}  {step.tokens_per_second:,.0f} tokens/s"
            progress("Masked language model", min(step.tokens, config.tokens), config.tokens, note)

        pretrain(
            architecture,
            read.corpus.texts,
            out,
            config,
            source=source,
            progress=report,
            resume=resume,
            device=device,
        )
    record = read_json(out / "control.json")
    if as_json:
        print_json({"encoder": str(out), **record})
    else:
        say(f"Encoder in {out}: {record['kind']}")
