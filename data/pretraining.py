"""A control encoder: a retriever's architecture, trained from random weights as a masked language model alone.

The control learns words from their contexts and never sees queries. `pretrain` writes a Hugging Face folder for
`Encoder.load`, with the retriever's tokenizer and pooling, and records the training in `control.json`. An
unfinished run lies in `.<out>.pretraining` beside the folder: log.jsonl and checkpoint-<step>/.
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
from data.lengths import most_positions
from data.masked_language import masked_batches, token_windows
from data.model_files import model_json
from data.models import device_named, lower_case, resolve_model
from data.multi_vector_files import layout_of
from data.pretraining_config import PretrainConfig
from data.pretraining_run import PretrainingRun
from data.ragged import Ragged
from data.run_log import Log, interrupts_deferred, read_log
from data.single_vector_files import CONFIG, TRANSFORMER_FILES, read_vector_rules

WARMUP = 0.05  # share of the training tokens
CHECKPOINT_EVERY, LOG_EVERY = 500, 10  # steps
LINES_OF_FINAL_LOSS = 10


@dataclass(frozen=True)
class PretrainStep:
    """A line of the training log.

    loss: nats per chosen token of that batch; ln(vocabulary size) is the loss of a uniform guess.
    tokens, of_tokens: training tokens (repeats counted) so far and in all.
    """

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
    config: PretrainConfig,
    *,
    source: Mapping[str, Any],
    progress: Callable[[PretrainStep], None] | None = None,
    resume: bool = False,
    device: str = "auto",
) -> Path:
    """Train `architecture` (an encoder's name) on texts and write it to folder `out`; returns `out`.

    source: name and fingerprint of the texts, JSON-able. AdamW; the learning rate rises linearly to its peak over
    5% of the tokens, then falls linearly to 0. Ctrl-C saves a checkpoint; `resume` continues from it, to the bit.
    If `out` already holds this encoder, nothing is trained; if it holds anything else, a `UserError`.
    """
    recipe: dict[str, Any] = {"architecture": architecture, "text": dict(source), **asdict(config)}
    if _is_trained(out, recipe):
        return out
    place = device_named(device)
    path = resolve_model(architecture)
    model, tokenizer = _untrained(architecture, path, config.seed, config.max_length)
    windows = token_windows(tokenizer, texts, config.max_length)
    run = PretrainingRun(model.to(place), recipe, out.with_name(f".{out.name}.pretraining"), resume)
    _train(run, windows, tokenizer, config, progress)
    run.save()
    _write_encoder(out, path, run, tokenizer)
    shutil.rmtree(run.folder)
    return out


def _is_trained(out: Path, recipe: Mapping[str, Any]) -> bool:
    """Whether `out` holds the encoder of this recipe; anything else there raises a `UserError`."""
    if (out / CONTROL).is_file():
        if read_json(out / CONTROL).get("recipe") == recipe:
            return True
        raise UserError(f"{out} holds another control encoder: choose another folder, or remove it first")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} exists and is not a control encoder: choose another folder")
    return False


def _train(
    run: PretrainingRun,
    windows: Ragged,
    tokenizer: Any,
    config: PretrainConfig,
    progress: Callable[[PretrainStep], None] | None,
) -> None:
    """Advance the run to config.tokens; Ctrl-C saves a checkpoint, then raises KeyboardInterrupt."""
    tokens = config.tokens
    with ExitStack() as stack:
        log = stack.enter_context(closing(Log(run.folder / "log.jsonl", keep_until=run.step)))
        interrupted = stack.enter_context(interrupts_deferred())
        began, first = time.perf_counter(), run.tokens
        batches = masked_batches(windows, tokenizer, config.batch_size, config.seed, run.step)
        while run.tokens < tokens:
            batch = next(batches)
            rate = config.learning_rate * min(
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


def _untrained(architecture: str, path: str, seed: int, max_length: int) -> tuple[Any, Any]:
    """The architecture as a masked language model with fresh weights, and its tokenizer."""
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer
    from transformers.utils import logging

    if layout_of(path):
        raise UserError(
            f"encoder {architecture!r} is multi-vector, and its projection learns from retrieval alone: take "
            f"random:{architecture} as its control, or pre-train the encoder that it was built from"
        )
    rules = read_vector_rules(path, architecture)
    if any(module.kind != "Normalize" for module in rules.head):
        raise UserError(
            f"encoder {architecture!r} has modules behind its pooling that learn from retrieval alone: take "
            f"random:{architecture} as its control, or pre-train the encoder that it was built from"
        )
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    where: dict[str, Any] = {"subfolder": rules.transformer, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **where)
        config = AutoConfig.from_pretrained(path, **where)
        with seeded(seed):
            model = AutoModelForMaskedLM.from_config(  # type: ignore[no-untyped-call]
                config, dtype=torch.float32, trust_remote_code=False
            )
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
    if rules.lower_case:
        lower_case(tokenizer)
    positions = most_positions(model) or max_length
    if not 3 <= max_length <= positions:
        raise UserError(f"max_length {max_length} does not fit {architecture!r}: expected 3 to {positions}")
    return model, tokenizer


def _write_encoder(out: Path, path: str, run: PretrainingRun, tokenizer: Any) -> None:
    """Write the trained model without its head, as a folder for `Encoder.load`."""
    from transformers import AutoModel

    trained = run.model.base_model.cpu()
    with seeded(run.recipe["seed"]):
        encoder = AutoModel.from_config(  # type: ignore[no-untyped-call]
            trained.config, dtype=torch.float32, trust_remote_code=False
        )
    if unknown := encoder.load_state_dict(trained.state_dict(), strict=False).unexpected_keys:
        raise UserError(
            f"{run.recipe['architecture']!r} has weights {unknown[0]} that only its masked language model uses: "
            "choose another architecture"
        )
    lines = read_log(run.folder / "log.jsonl")
    with new_folder(out) as new:
        encoder.save_pretrained(new)
        tokenizer.save_pretrained(new)
        for name, value in _vector_files(path).items():
            write_json(new / name, value)
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


def _vector_files(path: str) -> dict[str, Any]:
    """The sentence-transformers files of a model that say how it reads texts and makes its vector, by name."""
    modules = [dict(module) for module in model_json(path, "modules.json") or []]
    if not modules:
        return {}
    inside = f"{modules[0]['path']}/" if modules[0]["path"] else ""
    modules[0]["path"] = ""  # the control's model is in its folder itself
    names = [CONFIG, *(f"{module['path']}/config.json" for module in modules[1:])]
    files = {name: model_json(path, name) for name in names}
    files |= {name: model_json(path, inside + name) for name in TRANSFORMER_FILES}
    return {"modules.json": modules} | {name: value for name, value in files.items() if value is not None}
