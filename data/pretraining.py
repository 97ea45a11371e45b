"""A control encoder: a retriever's architecture, trained from random weights as a masked language model alone.

It knows words from their contexts and was never told what answers a query. `pretrain` writes a Hugging Face folder
that `Encoder.load` takes, with the retriever's tokenizer and pooling, and a `control.json` that says what it is.
A run is kept in `.<out>.pretraining` beside it until it is done: log.jsonl and checkpoint-<step>/.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data.control_encoders import CONTROL, seeded
from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.masked_language import masked_batches, token_windows
from data.model_files import model_json
from data.models import device_named, resolve_model
from data.multi_vector_files import layout_of
from data.pretraining_run import PretrainingRun
from data.run_log import Log, interrupts_deferred, read_log

WARMUP = 0.05  # of the tokens
CHECKPOINT_EVERY, LOG_EVERY = 500, 10  # steps
LINES_OF_FINAL_LOSS = 10


@dataclass(frozen=True)
class PretrainStep:
    """A line of the log; loss in nats a masked token, of that batch (ln n_tokens_in_vocabulary is ignorance)."""

    step: int
    tokens: int
    of_tokens: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float


def pretrain(
    architecture: str,
    texts: Sequence[str],
    out: Path,
    *,
    source: Mapping[str, Any],
    tokens: int,
    batch_size: int = 32,
    max_length: int = 128,
    seed: int = 0,
    learning_rate: float = 5e-4,
    progress: Callable[[PretrainStep], None] | None = None,
    resume: bool = False,
    device: str = "auto",
) -> Path:
    """Train `architecture` (an encoder's name) on texts into folder `out`; returns it, at once if it stands there.

    source: what the texts are (name, fingerprint), JSON-able. tokens: token views, special tokens included, read
    in batches of batch_size windows of at most max_length tokens. AdamW; the learning rate rises to its peak over
    5% of the tokens, then falls linearly to 0. Ctrl-C saves a checkpoint, from which `resume` goes on to the bit.
    """
    recipe = {
        "architecture": architecture, "text": dict(source), "tokens": tokens, "batch_size": batch_size,
        "max_length": max_length, "seed": seed, "learning_rate": learning_rate,
    }  # fmt: skip
    if (out / CONTROL).is_file():
        if read_json(out / CONTROL).get("recipe") == recipe:
            return out
        raise UserError(f"{out} holds another control encoder: choose another folder, or remove it first")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} exists and is not a control encoder: choose another folder")
    place = device_named(device)
    path = resolve_model(architecture)
    model, tokenizer = _untrained(architecture, path, seed, max_length)
    windows = token_windows(tokenizer, texts, max_length)
    run = PretrainingRun(model.to(place), recipe, out.with_name(f".{out.name}.pretraining"), resume)

    with ExitStack() as stack:
        log = stack.enter_context(closing(Log(run.folder / "log.jsonl", keep_until=run.step)))
        interrupted = stack.enter_context(interrupts_deferred())
        began, first = time.perf_counter(), run.tokens
        batches = masked_batches(windows, tokenizer, batch_size, seed, run.step)
        while run.tokens < tokens:
            batch = next(batches)
            rate = learning_rate * min(
                (run.tokens + batch.n_tokens) / (WARMUP * tokens), (1 - run.tokens / tokens) / (1 - WARMUP), 1
            )
            loss = run.advance(batch, rate)
            if run.step % LOG_EVERY == 0 or run.step == 1 or run.tokens >= tokens:
                speed = (run.tokens - first) / (time.perf_counter() - began)
                left = max(0, tokens - run.tokens) / speed
                line = PretrainStep(run.step, run.tokens, tokens, loss, rate, speed, left)
                log.write(asdict(line))
                if progress:
                    progress(line)
            if interrupted():
                run.save()
                raise KeyboardInterrupt
            if run.step % CHECKPOINT_EVERY == 0:
                run.save()
    run.save()
    _write_encoder(out, path, run, tokenizer)
    shutil.rmtree(run.folder)
    return out


def _untrained(architecture: str, path: str, seed: int, max_length: int) -> tuple[Any, Any]:
    """The architecture as a masked language model with fresh weights, and its tokenizer."""
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer
    from transformers.utils import logging

    if layout_of(path):
        raise UserError(
            f"encoder {architecture!r} is multi-vector, and its projection learns from retrieval alone: take "
            f"random:{architecture} as its control, or pre-train the encoder that it was made from"
        )
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        config = AutoConfig.from_pretrained(path)
        with seeded(seed):
            model = AutoModelForMaskedLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"encoder {architecture!r} cannot be pre-trained as a masked language model: expected a folder or a "
            f"Hugging Face id of a BERT-like encoder ({reason})"
        ) from None
    if not tokenizer.is_fast or tokenizer.mask_token_id is None:
        raise UserError(
            f"encoder {architecture!r} has no fast tokenizer with a mask token: choose another architecture"
        )
    positions = getattr(config, "max_position_embeddings", None) or max_length
    if not 3 <= max_length <= positions:
        raise UserError(f"max_length {max_length} does not fit {architecture!r}: expected 3 to {positions}")
    return model, tokenizer


def _write_encoder(out: Path, path: str, run: PretrainingRun, tokenizer: Any) -> None:
    """The trained model without its head, as a folder for `Encoder.load`."""
    from transformers import AutoModel

    trained = run.model.base_model.cpu()
    with seeded(run.recipe["seed"]):
        encoder = AutoModel.from_config(trained.config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    if unknown := encoder.load_state_dict(trained.state_dict(), strict=False).unexpected_keys:
        raise UserError(
            f"{run.recipe['architecture']!r} keeps {unknown[0]} in its masked language model alone"
        )
    lines = read_log(run.folder / "log.jsonl")
    with new_folder(out) as new:
        encoder.save_pretrained(new)
        tokenizer.save_pretrained(new)
        for name in _pooling_files(path):
            write_json(new / name, model_json(path, name))
        shutil.copy(run.folder / "log.jsonl", new / "log.jsonl")
        control = {
            "kind": "masked language model, never trained for retrieval",
            "architecture": run.recipe["architecture"],
            "text": run.recipe["text"],
            "seed": run.recipe["seed"],
            "tokens": run.tokens,
            "steps": run.step,
            "final_loss": float(np.mean([line["loss"] for line in lines[-LINES_OF_FINAL_LOSS:]])),
            "recipe": run.recipe,
        }
        write_json(new / CONTROL, control)


def _pooling_files(path: str) -> list[str]:
    """sentence-transformers' files beside a model, which say how its token states are pooled."""
    modules = model_json(path, "modules.json") or []
    names = ["modules.json", "sentence_bert_config.json"]
    names += [f"{module['path']}/config.json" for module in modules if module["path"]]
    return [name for name in names if model_json(path, name) is not None]
