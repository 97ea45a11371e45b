"""Learned sparse retrieval: a masked language model gives a text weights of terms, of those it lacks too.

    w_j = max_t ln(1 + ReLU(logit_tj))        over the text's tokens t, for each wordpiece j: SPLADE-max

Formal et al. (2021), "SPLADE v2", equation 6. Any Hugging Face id of a `MaskedLM` that was trained for it will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array

from data.errors import UserError
from data.models import device_named, weights_fingerprint
from data.ragged import offsets_of

TEXTS_AT_ONCE = 1024  # of a block; texts of like length share a batch within it
TOKENS_PER_PASS = {"cpu": 1024, "cuda": 65_536, "mps": 8192}
Progress = Callable[[int, int], None]


class LearnedSparse:
    """A learned-sparse model; make one with `LearnedSparse.load`."""

    def __init__(self, name: str, model: Any, tokenizer: Any, device: torch.device, max_length: int) -> None:
        self.name, self.max_length = name, max_length
        self._model, self._tokenizer, self._device = model, tokenizer, device

    @classmethod
    def load(cls, name: str, max_length: int = 256, device: str = "auto") -> LearnedSparse:
        """Load a folder or a Hugging Face id; what is no masked language model is a `UserError`."""
        from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        place = device_named(device)
        try:
            architectures = AutoConfig.from_pretrained(name).architectures or []
            tokenizer = AutoTokenizer.from_pretrained(name)
            model = AutoModelForMaskedLM.from_pretrained(name, dtype=torch.float32)
        except (OSError, ValueError, KeyError) as error:
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"learned-sparse model {name!r} could not be loaded: give a folder, or a Hugging Face id of a "
                f"SPLADE that is cached or can be downloaded ({reason})"
            ) from None
        if not any(one.endswith("MaskedLM") for one in architectures):
            raise UserError(
                f"{name!r} is of {', '.join(architectures) or 'no named architecture'}: expected a masked language "
                "model (…MaskedLM), as SPLADE models are"
            )
        longest = min(max_length, int(getattr(model.config, "max_position_embeddings", max_length)))
        return cls(name, model.eval().requires_grad_(False).to(place), tokenizer, place, longest)

    @cached_property
    def fingerprint(self) -> str:
        """Of the model's weights, as an encoder's."""
        return weights_fingerprint(self._model)

    @property
    def n_terms(self) -> int:
        return int(self._model.config.vocab_size)

    def terms(self) -> list[str]:
        """The tokenizer's token of each term."""
        by_id = {index: token for token, index in self._tokenizer.get_vocab().items()}
        return [by_id.get(index, f"[{index}]") for index in range(self.n_terms)]

    def weigh(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[csr_array]:
        """Weights of each term in each text, float32 (n_block, n_terms), a block of texts at a time, in order.

        progress: texts done, of all.
        """
        for first in range(0, len(texts), TEXTS_AT_ONCE):
            yield self._block(list(texts[first : first + TEXTS_AT_ONCE]), first, len(texts), progress)

    def _block(self, texts: list[str], before: int, total: int, progress: Progress | None) -> csr_array:
        ids = self._tokenizer(texts, truncation=True, max_length=self.max_length, return_attention_mask=False)
        lengths = np.array([len(row) for row in ids["input_ids"]])
        order, start = np.argsort(-lengths, kind="stable"), 0
        terms, weights = [np.zeros(0, np.int64)] * len(texts), [np.zeros(0, np.float32)] * len(texts)
        at_once = TOKENS_PER_PASS.get(self._device.type, 2048)
        while start < len(order):
            batch = order[start : start + max(1, at_once // max(1, int(lengths[order[start]])))]
            found = self._forward([ids["input_ids"][row] for row in batch])
            for row, of_text in zip(batch, found, strict=True):
                terms[row] = np.flatnonzero(of_text)
                weights[row] = of_text[terms[row]]
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
        for row, of_text in enumerate(ids):
            input_ids[row, : len(of_text)] = torch.tensor(of_text)
            mask[row, : len(of_text)] = True
        with torch.inference_mode():
            logits = self._model(
                input_ids=input_ids.to(self._device), attention_mask=mask.long().to(self._device)
            ).logits
            # ln(1 + ReLU) rises, so that the largest logit is looked for first: a pass less over all of them
            if not bool(mask.all()):
                logits = logits.masked_fill(~mask.to(self._device)[:, :, None], -torch.inf)
            largest = logits.amax(1)
            weights: np.ndarray[Any, np.dtype[np.float32]] = (
                torch.log1p(torch.relu(largest)).float().cpu().numpy()
            )
        return weights
