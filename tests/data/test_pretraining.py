"""Pre-training learns, resumes to the bit, and writes an encoder that records what it is."""

from __future__ import annotations

import json
import math
import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast

import colbert_folder
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.files import read_json
from data.masked_language import masked_batches, masked_loss, token_windows
from data.pretraining import PretrainStep, pretrain
from data.pretraining_config import PretrainConfig
from data.run_log import read_log

pytestmark = pytest.mark.slow

TEXTS = [f"the {n} of the array is the {m} of the list" for n in ("sum", "mean", "sort") for m in "abcdefgh"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*SPECIAL, *sorted({word for text in TEXTS for word in text.split()}), *(f"w{i}" for i in range(80))]
SOURCE = {"name": "arrays", "fingerprint": "0123456789abcdef"}


def tokenizer_of_words() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **dict(zip(names, SPECIAL, strict=True)))


@pytest.fixture(scope="module")
def architecture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One block, 32 dimensions, cls pooling, a tokenizer of whole words."""
    folder = tmp_path_factory.mktemp("architecture")
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer_of_words().save_pretrained(folder)
    modules = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    return str(folder)


def run(architecture: str, out: Path, **options: Any) -> Path:
    names = {field.name for field in fields(PretrainConfig)}
    chosen = {"tokens": 6000, "batch_size": 8, "max_length": 16} | {
        name: options.pop(name) for name in names & set(options)
    }
    return pretrain(
        architecture, TEXTS, out, PretrainConfig(**chosen), source=SOURCE, device="cpu", **options
    )


def stop_at(step: int) -> Any:
    def progress(line: PretrainStep) -> None:
        if line.step == step:
            signal.raise_signal(signal.SIGINT)

    return progress


def test_loss_falls_from_ignorance_and_the_encoder_says_what_it_is(architecture: str, tmp_path: Path) -> None:
    lines: list[PretrainStep] = []
    folder = run(architecture, tmp_path / "mlm", tokens=30_000, learning_rate=3e-3, progress=lines.append)
    assert lines[0].loss == pytest.approx(math.log(len(WORDS)), rel=0.05)
    assert lines[-1].tokens >= 30_000
    assert lines[-1].seconds_left == 0
    encoder = Encoder.load(EncoderConfig(str(folder)))
    control = encoder.describe()["control"]
    assert control["kind"] == "masked language model, never trained for retrieval"
    assert control["text"] == SOURCE
    assert (control["tokens"], control["steps"]) == (lines[-1].tokens, lines[-1].step)
    assert control["final_loss"] == pytest.approx(np.mean([line.loss for line in lines[-10:]]))
    assert control["final_loss"] < 2.5
    assert encoder.pooling == "cls"
    assert encoder.encode(TEXTS).states.values.shape[1] == 32
    assert encoder.fingerprint == Encoder.load(EncoderConfig(str(folder))).fingerprint
    assert read_log(folder / "log.jsonl")[-1]["step"] == lines[-1].step
    assert not (tmp_path / ".mlm.pretraining").exists()


@pytest.mark.parametrize("step", [10, 40])
def test_interrupted_and_resumed_is_the_uninterrupted_run(
    architecture: str, tmp_path: Path, step: int
) -> None:
    whole = run(architecture, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(architecture, tmp_path / "parts", progress=stop_at(step))
    with pytest.raises(UserError, match="unfinished pre-training: resume it"):
        run(architecture, tmp_path / "parts")
    with pytest.raises(UserError, match="begun with seed 0, not 1"):
        run(architecture, tmp_path / "parts", seed=1, resume=True)
    parts = run(architecture, tmp_path / "parts", resume=True)
    weights = "model.safetensors"
    assert (parts / weights).read_bytes() == (whole / weights).read_bytes()
    assert read_json(parts / "control.json") == read_json(whole / "control.json")
    losses = [[line["loss"] for line in read_log(folder / "log.jsonl")] for folder in (whole, parts)]
    assert losses[0] == losses[1]


def test_seed_decides(architecture: str, tmp_path: Path) -> None:
    prints = [
        Encoder.load(
            EncoderConfig(str(run(architecture, tmp_path / name, tokens=500, seed=seed)))
        ).fingerprint
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_finished_is_returned_and_another_is_refused(architecture: str, tmp_path: Path) -> None:
    folder = run(architecture, tmp_path / "mlm", tokens=500)
    written = (folder / "control.json").stat().st_mtime_ns
    assert run(architecture, folder, tokens=500) == folder
    assert (folder / "control.json").stat().st_mtime_ns == written
    with pytest.raises(UserError, match="holds another control encoder"):
        run(architecture, folder, tokens=600)


def test_a_multi_vector_architecture_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    model = str(colbert_folder.pylate_folder(tmp_path / "colbert"))
    with pytest.raises(UserError, match="is multi-vector"):
        run(model, tmp_path / "mlm", tokens=500)
    assert [path.name for path in tmp_path.iterdir()] == ["colbert"]


def test_bad_input_is_told_in_a_sentence(architecture: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be pre-trained"):
        run("/nowhere/at/all", tmp_path / "x")
    with pytest.raises(UserError, match="max_length 4000 does not fit"):
        run(architecture, tmp_path / "x", max_length=4000)
    with pytest.raises(UserError, match="no text to train on"):
        pretrain(architecture, ["", ""], tmp_path / "x", PretrainConfig(100), source=SOURCE, device="cpu")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is not a control encoder"):
        run(architecture, tmp_path / "full")


def test_loss_of_the_chosen_tokens_is_hugging_faces_own(architecture: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(architecture)
    model = AutoModelForMaskedLM.from_pretrained(architecture).eval()
    batch = next(masked_batches(token_windows(tokenizer, TEXTS, 16), tokenizer, 8, seed=0))
    labels = torch.full(batch.shown.shape, -100)
    labels[torch.from_numpy(batch.chosen)] = torch.from_numpy(batch.targets)
    with torch.inference_mode():
        expected = model(
            input_ids=torch.from_numpy(batch.shown),
            attention_mask=torch.from_numpy(batch.attention).long(),
            labels=labels,
        ).loss
        torch.testing.assert_close(masked_loss(model, batch, torch.device("cpu")), expected)


def test_masking_is_15_percent_of_which_80_10_10(architecture: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(architecture)
    windows = token_windows(tokenizer, TEXTS, 16)
    batches = masked_batches(windows, tokenizer, len(TEXTS), seed=0)
    parts = [next(batches) for _ in range(200)]
    ordinary = sum(int(b.attention.sum()) - 2 * len(b.attention) for b in parts)
    n_chosen = sum(int(b.chosen.sum()) for b in parts)
    shown = np.concatenate([b.shown[b.chosen] for b in parts])
    targets = np.concatenate([b.targets for b in parts])
    assert n_chosen / ordinary == pytest.approx(0.15, abs=0.01)
    assert (shown == tokenizer.mask_token_id).mean() == pytest.approx(0.8, abs=0.02)
    assert (shown == targets).mean() == pytest.approx(0.1, abs=0.02)
    assert not np.isin(targets, tokenizer.all_special_ids).any()


@settings(max_examples=20)
@given(batch_size=st.integers(1, 30), start=st.integers(0, 40), seed=st.integers(0, 3))
def test_batches_from_a_number_are_those_of_the_whole_run(
    architecture: str, batch_size: int, start: int, seed: int
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(architecture)
    windows = token_windows(tokenizer, TEXTS, 16)
    whole, late = (masked_batches(windows, tokenizer, batch_size, seed, first) for first in (0, start))
    for _ in range(start):
        next(whole)
    for _ in range(3):
        one, other = next(whole), next(late)
        np.testing.assert_array_equal(one.shown, other.shown)
        np.testing.assert_array_equal(one.chosen, other.chosen)


def test_an_epoch_reads_every_window_once(architecture: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(architecture)
    windows = token_windows(tokenizer, [*TEXTS, "a long text of many words " * 20], 16)
    assert windows.lengths.max() == 16
    batches = masked_batches(windows, tokenizer, 5, seed=0)
    read = []
    for _ in range(-(-len(windows) // 5)):
        batch = next(batches)
        ids = batch.shown.copy()
        ids[batch.chosen] = batch.targets
        read += [tuple(row[seen]) for row, seen in zip(ids, batch.attention, strict=True)]
    assert sorted(read) == sorted(tuple(window.tolist()) for window in windows)
