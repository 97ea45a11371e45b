"""Small single-vector encoders, saved by sentence-transformers itself: seconds to build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel, BertTokenizerFast, PreTrainedModel

from colbert_folder import LETTERS, PUNCTUATION, WORDS

WIDTH = 32


def tokenizer_folder(folder: Path, *, lower: bool = False) -> int:
    """A small WordPiece tokenizer that knows lower-case words and letters; returns the size of its vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *PUNCTUATION, *WORDS.split(), *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    pieces = list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=lower).save_pretrained(folder)
    return len(pieces)


def model_folder(
    folder: Path, make: Callable[[int], PreTrainedModel] | None = None, *, lower: bool = False
) -> Path:
    """A model with random weights, by default a small BERT, and its tokenizer. make: vocabulary size -> model."""
    n_pieces = tokenizer_folder(folder, lower=lower)
    torch.manual_seed(0)
    (make or _bert)(n_pieces).save_pretrained(folder)
    return folder


def sentence_folder(
    folder: Path,
    behind: Sequence[Any] = (),
    pooling: dict[str, Any] | None = None,
    reading: dict[str, Any] | None = None,
    **settings: Any,
) -> Path:
    """A sentence-transformers folder. pooling, reading: of its Pooling and Transformer; settings: of the whole."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    transformer = Transformer(str(model_folder(folder.with_name(f"{folder.name}-model"))), **(reading or {}))
    modules = [transformer, Pooling(WIDTH, **(pooling or {})), *behind]
    SentenceTransformer(modules=modules, device="cpu", **settings).save_pretrained(str(folder))
    return folder


def _bert(n_pieces: int) -> PreTrainedModel:
    return BertModel(
        BertConfig(
            vocab_size=n_pieces, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=64, max_position_embeddings=80, initializer_range=0.3,
        )
    )  # fmt: skip
