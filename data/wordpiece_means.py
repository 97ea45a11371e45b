"""The mean state of each wordpiece: a state without its context, and what context adds to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.token_states import TokenStates

Floats = NDArray[np.float32]
FILES = ("pieces", "n_tokens", "mean", "overall")


@dataclass(frozen=True, eq=False)
class WordpieceMeans:
    """mean: float32 (n_pieces, d_model), the mean state of each wordpiece. n_tokens: int64 (n_pieces,), of how
    many.

    overall: float32 (d_model,), the mean of all states. explained: 1 - sum_t |h_t - m_p|^2 / sum_t |h_t - m|^2, the
    share of the variance of token states that the wordpiece alone explains.
    """

    mean: Floats
    n_tokens: NDArray[np.int64]
    overall: Floats
    explained: float

    def of(self, token_ids: NDArray[np.integer[Any]]) -> Floats:
        """m_p of each token, float32 (n_tokens, d_model)."""
        rows: Floats = self.mean[token_ids]
        return rows

    def context(self, states: Floats, token_ids: NDArray[np.integer[Any]]) -> Floats:
        """h_t - m_p + m of states (n_tokens, d_model)."""
        context: Floats = states - self.mean[token_ids] + self.overall
        return context

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of SHA-256 over the means."""
        return hashlib.sha256(self.mean.tobytes() + self.overall.tobytes()).hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Write those of the wordpieces that were seen to `folder`, completely or not at all."""
        seen = np.flatnonzero(self.n_tokens)
        with new_folder(folder) as temporary:
            arrays: tuple[NDArray[Any], ...] = (seen, self.n_tokens[seen], self.mean[seen], self.overall)
            for name, array in zip(FILES, arrays, strict=True):
                np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            write_json(temporary / "means.json", {"n_pieces": len(self.mean), "explained": self.explained})

    @classmethod
    def open(cls, folder: Path) -> WordpieceMeans:
        """Those that `save` wrote; a damaged folder raises a `UserError`."""
        card = read_json(folder / "means.json")
        try:
            seen, counts, means, overall = (
                np.load(folder / f"{name}.npy", allow_pickle=False) for name in FILES
            )
            mean, n_tokens = np.tile(overall, (card["n_pieces"], 1)), np.zeros(card["n_pieces"], np.int64)
            mean[seen], n_tokens[seen] = means, counts
        except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
            raise UserError(
                f"the means of wordpieces in {folder} are damaged ({error}): make the study again"
            ) from None
        return cls(mean, n_tokens, overall, float(card["explained"]))

    def commonest(self, n: int) -> NDArray[np.int64]:
        """The n wordpieces with most tokens, the commonest first; fewer where fewer occur."""
        order = np.argsort(-self.n_tokens, kind="stable")[:n]
        return order[self.n_tokens[order] > 0].astype(np.int64)


def wordpiece_means(blocks: Iterable[TokenStates], n_pieces: int) -> WordpieceMeans:
    """The means over all tokens of these blocks, summed in float64; no token at all raises a `UserError`."""
    sums: NDArray[np.float64] | None = None
    n_tokens, squares = np.zeros(n_pieces, np.int64), 0.0
    for block in blocks:
        states = np.asarray(block.states.values, np.float64)
        sums = np.zeros((n_pieces, states.shape[1])) if sums is None else sums
        sums += one_hot(block.token_ids, n_pieces).T @ states
        squares += float(np.square(states).sum())
        n_tokens += np.bincount(block.token_ids, minlength=n_pieces)
    total = int(n_tokens.sum())
    if sums is None or not total:
        raise UserError("the text has no token, so its wordpieces have no mean state: choose a longer text")
    overall = sums.sum(axis=0) / total
    mean = np.where(n_tokens[:, None] > 0, sums / np.maximum(n_tokens, 1)[:, None], overall)
    variance = squares - total * float(overall @ overall)
    between = float(n_tokens @ np.square(mean - overall).sum(axis=1))
    return WordpieceMeans(
        mean.astype(np.float32),
        n_tokens,
        overall.astype(np.float32),
        between / variance if variance > 0 else 0.0,
    )


def one_hot(token_ids: NDArray[np.int32], n_pieces: int) -> csr_array:
    """csr (n_tokens, n_pieces) with a 1 at each token's wordpiece."""
    n = len(token_ids)
    return csr_array((np.ones(n), np.asarray(token_ids), np.arange(n + 1)), shape=(n, n_pieces))
