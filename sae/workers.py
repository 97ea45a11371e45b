"""Processes that train one SAE together, each on its share of every batch; torchrun starts them.

    torchrun --nproc-per-node 2 --no-python workbench train ...

Gradients are sums over tokens, so the workers' gradients add up to those of the whole batch, and every worker takes
the same step. The sums round as if one process read each batch's rows in another order: after hundreds of steps,
rounding may change a token's k-th latent, and weights then differ in the second decimal.

Only the first worker writes. The workers agree on interruptions and errors before each step, so that all of them
end together and none waits for one that has ended.
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

# The other workers wait while the first one encodes the text; torchrun ends them if it dies.
_TIMEOUT = timedelta(days=30)
_MESSAGE_BYTES = 2048
_FINE, _INTERRUPTED, _FAILED = range(3)


@dataclass(frozen=True)
class Workers:
    """Process number `rank` of `size` that train together. local_rank: its number, and its GPU, on this machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls, device: str = "cpu") -> Workers:
        """The worker that torchrun's environment variables describe, connected by gloo, and by nccl on a GPU.

        Without torchrun, the only worker.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        workers = cls(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")))
        if torch.device(device).type == "cuda":
            torch.cuda.set_device(workers.local_rank)
            backend = "cpu:gloo,cuda:nccl"
        else:
            backend = "gloo"
            n_local = int(os.environ.get("LOCAL_WORLD_SIZE", workers.size))
            torch.set_num_threads(max(1, _n_cores() // n_local))
        if not dist.is_initialized():
            dist.init_process_group(backend, timeout=_TIMEOUT)
            atexit.register(dist.destroy_process_group)
        return workers

    @property
    def is_first(self) -> bool:
        """Whether this is the first worker, which writes and reports."""
        return self.rank == 0

    def device(self, device: str) -> str:
        """This worker's own device of kind `device` ("cpu", "cuda")."""
        return f"cuda:{self.local_rank}" if self.size > 1 and device == "cuda" else device

    def rows(self, n: int) -> slice:
        """The slice of a batch's n rows that is this worker's share, about n / size rows."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def share(self, batch: NDArray[Any]) -> NDArray[Any]:
        """This worker's rows of a batch (n_tokens, d_model)."""
        return batch[self.rows(len(batch))]

    def sum(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over the workers, equal bits on all; tensors share type and device."""
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
        """The result of work(), returned once all workers have finished theirs.

        A `UserError` or KeyboardInterrupt of one worker is raised in all; among several errors, that of the lowest
        rank.
        """
        if self.size == 1:
            return work()
        outcome, message = _FINE, ""
        try:
            result = work()
        except KeyboardInterrupt:
            outcome = _INTERRUPTED
        except UserError as error:
            outcome, message = _FAILED, str(error)
        outcomes = torch.zeros(self.size, dtype=torch.int64)
        outcomes[self.rank] = outcome
        dist.all_reduce(outcomes)
        failed = (outcomes == _FAILED).nonzero()
        if len(failed):
            raise UserError(_broadcast(message, int(failed[0])))
        if outcomes.any():
            raise KeyboardInterrupt
        return result

    def first_does(self, work: Callable[[], T]) -> T | None:
        """The result of the first worker's work(); the others wait for it and return None. See `together`."""
        return self.together(lambda: work() if self.is_first else None)


ALONE = Workers()


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _broadcast(message: str, source: int) -> str:
    text = message.encode()[:_MESSAGE_BYTES].ljust(_MESSAGE_BYTES)
    buffer = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    dist.broadcast(buffer, source)
    return bytes(buffer.tolist()).decode(errors="ignore").rstrip()
