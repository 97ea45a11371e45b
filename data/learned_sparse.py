"""Learned sparse retrieval: a masked language model weights the terms of a text, absent ones too (SPLADE-max).

    w_j = max_t ln(1 + ReLU(logit_tj))        over the text's tokens t, for each wordpiece j

Formal et al. (2021), "SPLADE v2", equation 6. The model is any Hugging Face `MaskedLM` trained for this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array

from data.errors import UserError
from data.lengths import most_positions
from data.models import device_named, weights_fingerprint
from data.progress import StepProgress
from data.ragged import offsets_of
from data.remote_code import explain_refused_code, is_trusted

TEXTS_AT_ONCE = 1024  # texts per block; within a block, texts of like length share a batch
TOKENS_PER_PASS = {"cpu": 1024, "cuda": 65_536, "mps": 8192}


class LearnedSparse:
    """A learned-sparse model with its tokenizer; `LearnedSparse.load` makes one."""

    def __init__(self, name: str, model: Any, tokenizer: Any, device: torch.device, max_length: int) -> None:
        self.name, self.max_length = name, max_length
        self._model, self._tokenizer, self._device = model, tokenizer, device

    @classmethod
    def load(cls, name: str, max_length: int = 256, device: str = "auto") -> LearnedSparse:
        """Load a folder or a Hugging Face id; anything but a masked language model raises a `UserError`."""
        from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        place = device_named(device)
        try:
            trusted = is_trusted()
            architectures = AutoConfig.from_pretrained(name, trust_remote_code=trusted).architectures or []
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=trusted)
            model = AutoModelForMaskedLM.from_pretrained(name, dtype=torch.float32, trust_remote_code=trusted)
        except (OSError, ValueError, KeyError) as error:
            explain_refused_code(name, name)
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"learned-sparse model {name!r} could not be loaded: give a folder, or a Hugging Face id of a "
                f"SPLADE that is cached or can be downloaded ({reason})"
            ) from None
        if not any(architecture.endswith("MaskedLM") for architecture in architectures):
            raise UserError(
                f"{name!r} is of {', '.join(architectures) or 'no named architecture'}: expected a masked language "
                "model (…MaskedLM), as SPLADE models are"
            )
        longest = min(max_length, most_positions(model) or max_length)
        return cls(name, model.eval().requires_grad_(False).to(place), tokenizer, place, longest)

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of the model's weights, as `weights_fingerprint` gives it."""
        return weights_fingerprint(self._model)

    @property
    def n_terms(self) -> int:
        """Size of the model's vocabulary."""
        return int(self._model.config.vocab_size)

    def terms(self) -> list[str]:
        """The tokenizer's token of each term; a term without a token is "[id]"."""
        by_id = {index: token for token, index in self._tokenizer.get_vocab().items()}
        return [by_id.get(index, f"[{index}]") for index in range(self.n_terms)]

    def weigh(self, texts: Sequence[str], progress: StepProgress | None = None) -> Iterator[csr_array]:
        """w_j of each text, float32 (n_block, n_terms), one block of texts at a time, in order.

        progress: counts texts.
        """
        for first in range(0, len(texts), TEXTS_AT_ONCE):
            yield self._block(list(texts[first : first + TEXTS_AT_ONCE]), first, len(texts), progress)

    def _block(self, texts: list[str], before: int, total: int, progress: StepProgress | None) -> csr_array:
        ids = self._tokenizer(texts, truncation=True, max_length=self.max_length, return_attention_mask=False)
        lengths = np.array([len(row) for row in ids["input_ids"]])
        order, start = np.argsort(-lengths, kind="stable"), 0
        terms, weights = [np.zeros(0, np.int64)] * len(texts), [np.zeros(0, np.float32)] * len(texts)
        at_once = TOKENS_PER_PASS.get(self._device.type, 2048)
        while start < len(order):
            batch = order[start : start + max(1, at_once // max(1, int(lengths[order[start]])))]
            batch_weights = self._forward([ids["input_ids"][row] for row in batch])
            for row, text_weights in zip(batch, batch_weights, strict=True):
                terms[row] = np.flatnonzero(text_weights)
                weights[row] = text_weights[terms[row]]
            start += len(batch)
            if progress:
                progress(before + start, total)
        arrays = (np.concatenate(weights), np.concatenate(terms), offsets_of([len(row) for row in terms]))
        return csr_array(arrays, shape=(len(texts), self.n_terms))

    def _forward(self, ids: list[list[int]]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Weights of one batch, float32 (n_texts, n_terms)."""
        longest = max(map(len, ids))
        input_ids = torch.full((len(ids), longest), self._tokenizer.pad_token_id or 0)
        mask = torch.zeros(len(ids), longest, dtype=torch.bool)
        for row, text_ids in enumerate(ids):
            input_ids[row, : len(text_ids)] = torch.tensor(text_ids)
            mask[row, : len(text_ids)] = True
        with torch.inference_mode():
            logits = self._model(
                input_ids=input_ids.to(self._device), attention_mask=mask.long().to(self._device)
            ).logits
            # ln(1 + ReLU) is monotonic, so the maximum comes first: this saves a pass over all logits.
            if not bool(mask.all()):
                logits = logits.masked_fill(~mask.to(self._device)[:, :, None], -torch.inf)
            largest = logits.amax(1)
            weights: np.ndarray[Any, np.dtype[np.float32]] = (
                torch.log1p(torch.relu(largest)).float().cpu().numpy()
            )
        return weights
