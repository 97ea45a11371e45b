"""Training defaults: one table, for the verbs, the Train page, the demo and papers.

What `TrainConfig` and `EncoderConfig` have a default for is theirs; the table adds what they have none for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from data.encoder_config import EncoderConfig
from sae.train_config import Architecture, TrainConfig
from workbench.making.parsing import written_count


@dataclass(frozen=True)
class TrainingDefaults:
    """The paper's recipe, with fewer tokens and latents than the paper has.

    n_tokens: training tokens (repeats counted). epochs: how often each of them is seen, so that n_tokens / epochs
    distinct tokens are encoded. layer: as it is typed.
    """

    text: str = "docstrings"
    encoder: str = EncoderConfig.model
    layer: str = "final"
    max_length: int | None = EncoderConfig.max_length
    architecture: Architecture = TrainConfig.architecture
    n_latents: int = TrainConfig.n_latents
    k: int = TrainConfig.k
    batch_size: int = TrainConfig.batch_size
    peak_learning_rate: float = TrainConfig.peak_learning_rate
    auxiliary_weight: float = TrainConfig.auxiliary_weight
    n_tokens: int = 6_000_000
    epochs: int = 3
    seed: int = TrainConfig.seed

    @property
    def tokens(self) -> str:
        """n_tokens as it is typed: `6M`."""
        return written_count(self.n_tokens)


DEFAULTS = TrainingDefaults()
PAPER = replace(DEFAULTS, n_latents=32_768, n_tokens=30_000_000)  # 10M tokens in 3 epochs reach its numbers
# A first look: as many tokens as two minutes read, in small batches, so that there are steps enough.
TRIAL = replace(DEFAULTS, n_latents=1024, batch_size=1024, n_tokens=1_000_000)
HOUR = replace(DEFAULTS, n_tokens=PAPER.n_tokens)  # likewise, of an hour
SWEEP = replace(DEFAULTS, n_tokens=3_000_000)  # of every layer
DEMO = replace(
    DEFAULTS, n_tokens=3_000_000, epochs=2, max_length=192
)  # five minutes on two cores, indexing included
