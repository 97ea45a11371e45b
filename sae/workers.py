"""Processes that train one SAE together, each on its share of every batch; started by torchrun.

    torchrun --nproc-per-node 2 --no-python workbench train ...

Gradients are sums over tokens, so the workers' gradients add up to the whole batch's, and every worker then takes
the same step. Its sums round as those of one process would with each batch's rows in another order: after hundreds
of steps a token's k-th latent may change by that, and weights then differ in the second decimal.

The first worker alone writes. Whatever ends one of them in between, Ctrl-C or bad input, is agreed upon before each
step, so that all end together and none waits for another that is gone.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from numpy.typing import NDArray

from data.errors import UserError

T = TypeVar("T")

# While the first worker encodes the text the others wait; torchrun ends them if it dies.
_PATIENCE = timedelta(days=30)
_SENTENCE_BYTES = 2048
_FINE, _INTERRUPTED, _FAILED = range(3)


@dataclass(frozen=True)
class Workers:
    """This process among `size` that train together; its number on this machine picks its GPU."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls, device: str = "cpu") -> Workers:
        """What torchrun says, connected to the others: by gloo, on a GPU also by nccl; alone without torchrun."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        workers = cls(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")))
        if torch.device(device).type == "cuda":
            torch.cuda.set_device(workers.local_rank)
            backend = "cpu:gloo,cuda:nccl"
        else:
            backend = "gloo"
            n_here = int(os.environ.get("LOCAL_WORLD_SIZE", workers.size))
            torch.set_num_threads(max(1, _n_cores() // n_here))
        if not dist.is_initialized():
            dist.init_process_group(backend, timeout=_PATIENCE)
            atexit.register(dist.destroy_process_group)
        return workers

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and reports."""
        return self.rank == 0

    def device(self, device: str) -> str:
        """The device of this worker, of those that `device` ("cpu", "cuda") stands for."""
        return f"cuda:{self.local_rank}" if self.size > 1 and device == "cuda" else device

    def rows(self, n: int) -> slice:
        """This worker's of the n rows of a batch, about 1 / size of them."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def share(self, batch: NDArray[Any]) -> NDArray[Any]:
        """This worker's rows of a batch (n_tokens, d_model)."""
        return batch[self.rows(len(batch))]

    def sum(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor, all of one type and device, by its sum over the workers: the same bits in each."""
        if self.size > 1:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
            dist.all_reduce(flat)
            for tensor, part in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def take_first(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by the first worker's."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def together(self, work: Callable[[], T]) -> T:
        """work(), once all workers have done theirs.

        A `UserError` of one is raised in all, with its sentence, that of the lowest rank if there are several; so
        is a KeyboardInterrupt.
        """
        if self.size == 1:
            return work()
        outcome, sentence = _FINE, ""
        try:
            result = work()
        except KeyboardInterrupt:
            outcome = _INTERRUPTED
        except UserError as error:
            outcome, sentence = _FAILED, str(error)
        outcomes = torch.zeros(self.size, dtype=torch.int64)
        outcomes[self.rank] = outcome
        dist.all_reduce(outcomes)
        failed = (outcomes == _FAILED).nonzero()
        if len(failed):
            raise UserError(_broadcast(sentence, int(failed[0])))
        if outcomes.any():
            raise KeyboardInterrupt
        return result

    def first_does(self, work: Callable[[], T]) -> T | None:
        """The first worker's work(), for which the others wait, and get None; see `together`."""
        return self.together(lambda: work() if self.is_first else None)


ALONE = Workers()


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _broadcast(sentence: str, source: int) -> str:
    text = sentence.encode()[:_SENTENCE_BYTES].ljust(_SENTENCE_BYTES)
    buffer = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    dist.broadcast(buffer, source)
    return bytes(buffer.tolist()).decode(errors="ignore").rstrip()
