"""Does the road find what is known to be there? An SAE trained on synthetic states, against their true dictionary.

    recovered(r)      max_j cos(D_r, W_dec_j)                  of each true direction r; found where above FOUND
    same latent       argmax_j of what latent j fires on word v = that of word w        two words, one latent
    exponent          of Zipf-Mandelbrot's law, fitted to the tokens on which each latent fires

The instrument's positive control: analyses/why/reading/synthetic.py makes token states from a known dictionary,
and the project's own code trains an SAE on them, counts, fits laws, gives types and ranks. Beside it the true
dictionary in the place of the SAE (what training could find at best) and random directions (what needs none).
The answer is the same for every study, since no text of a study is read. Mean max cosine: Sharkey, Braun and
Millidge 2022; synthetic data with a Zipfian dictionary for SAEs: SynthSAEBench, arXiv 2602.14687.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyses.why.aspect import Aspect, path_of
from analyses.why.reading.recovery import (
    FIRED,
    FOUND,
    RANDOM,
    TRAINED,
    TRUE,
    directions_table,
    exponents,
    rankings,
    recovered,
    synonyms,
    types_of,
)
from analyses.why.reading.synthetic import Setting, Truth, synthesise
from data.progress import Progress, within
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study

if TYPE_CHECKING:
    from sae.model import SparseAutoencoder

NAME = "known-truth"
MEASURES, DIRECTIONS = "known-truth.parquet", "known-truth-directions.parquet"
FORMAT = 1
N_LATENTS, K, EPOCHS = 1024, 2, 15


@dataclass(frozen=True, eq=False)
class KnownTruth:
    """measures: a row per dictionary and measure: dictionary, measure, value, low, high (95%), n, p_holm, truth
    (what was put in, NaN where nothing was). directions: a row per true direction: rank, share, tokens (that it
    fired on), n_words, and the highest cosine in each dictionary, `trained` and `random`.
    """

    setting: Setting
    measures: pd.DataFrame
    directions: pd.DataFrame

    def value(self, dictionary: str, measure: str) -> dict[str, Any]:
        """A row of `measures`, by column."""
        table = self.measures
        row = table[(table["dictionary"] == dictionary) & (table["measure"] == measure)].iloc[0]
        return {str(name): _known(value) for name, value in row.items()}

    def to_dict(self) -> dict[str, Any]:
        """The setting, and dictionary -> measure -> value, interval, n and truth."""
        answers: dict[str, Any] = {}
        for row in self.measures.to_dict("records"):
            numbers = {str(name): _known(value) for name, value in row.items()}
            of_dictionary = answers.setdefault(numbers.pop("dictionary"), {})
            of_dictionary[numbers.pop("measure")] = numbers
        return {"setting": asdict(self.setting), "dictionaries": answers}

    def shown(self) -> pd.DataFrame:
        """The numbers that a terminal has room for."""
        return self.measures[["measure", "dictionary", "value", "low", "high", "truth"]]

    def sentences(self) -> list[str]:
        """What is recovered, each beside its control."""
        return [self._dictionary(), self._exponent(), self._synonyms(), self._ranking()]

    def _dictionary(self) -> str:
        found, drawn = (self.value(name, "directions found") for name in (TRAINED, RANDOM))
        return (
            f"The SAE finds {_share(found)} of {found['n']:,} known directions (cosine above {FOUND:g}), random "
            f"directions find {_share(drawn)}."
        )

    def _exponent(self) -> str:
        fitted, best = (self.value(name, "exponent") for name in (TRAINED, FIRED))
        put_in = fitted["truth"]
        gap = "holds" if fitted["low"] <= put_in <= fitted["high"] else "does not hold"
        return (
            f"Firing of the SAE's latents is fitted with exponent {_interval(fitted)}, what fired in truth with "
            f"{_interval(best)}; the interval of the SAE's {gap} the {put_in:.2f} that was put in."
        )

    def _synonyms(self) -> str:
        precision, recall = (self.value(TRAINED, f"synonym {name}") for name in ("precision", "recall"))
        chance = self.value("chance", "synonym precision")
        return (
            f"Of pairs of words with the same strongest latent, {_share(precision)} are synonyms, by chance "
            f"{chance['value']:.1%}; of pairs of synonyms {_share(recall)} have the same strongest latent."
        )

    def _ranking(self) -> str:
        best, drawn = (self.value(TRAINED, f"nDCG@10 minus {name}") for name in (TRUE, RANDOM))
        own = self.value(TRAINED, "nDCG@10")
        return (
            f"Queries of known relevant documents: nDCG@10 of the SAE's latent terms {_interval(own)}, "
            f"{_against(best, 'the true dictionary')} and {_against(drawn, 'random directions')}."
        )


def _known(value: Any) -> Any:
    """A number as JSON can hold it."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain


def _interval(row: dict[str, Any]) -> str:
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _share(row: dict[str, Any]) -> str:
    return f"{row['value']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def _against(row: dict[str, Any], other: str) -> str:
    by = f"({row['value']:+.3f}, {row['low']:+.3f} to {row['high']:+.3f})"
    if row["low"] > 0:
        return f"above {other} {by}"
    return f"below {other} {by}" if row["high"] < 0 else f"not shown to differ from {other} {by}"


def known_truth(setting: Setting | None = None, progress: Progress | None = None) -> KnownTruth:
    """Make the states, train on them and measure what is recovered: 20 s with the default setting on two cores."""
    setting = setting or Setting()
    report = within(progress, "Known truth") or (lambda done, total: None)
    truth = synthesise(setting)
    dictionaries = {TRUE: true_dictionary(truth)}
    report(1, 6)
    dictionaries[TRAINED] = trained_dictionary(truth)
    dictionaries[RANDOM] = random_dictionary(truth)
    report(2, 6)
    directions = directions_table(truth, dictionaries)
    steps = (exponents, synonyms, types_of, rankings)
    tables = [recovered(truth, dictionaries)]
    for done, step in enumerate(steps, start=3):
        tables.append(step(truth, dictionaries))
        report(done, 6)
    return KnownTruth(setting, pd.concat(tables, ignore_index=True), directions)


def true_dictionary(truth: Truth) -> SparseAutoencoder:
    """The true directions in the form of an SAE: W_enc = W_dec = D, no biases, as sparse as the tokens are."""
    import torch

    from sae.model import SparseAutoencoder

    W = torch.from_numpy(truth.directions)
    zeros = torch.zeros(len(W)), torch.zeros(W.shape[1])
    return SparseAutoencoder(W, zeros[0], W, zeros[1], k=min(K, len(W)), name=TRUE)


def random_dictionary(truth: Truth) -> SparseAutoencoder:
    """As many random directions as the SAE has latents."""
    from sae.control_dictionaries import drawn_directions

    return drawn_directions(N_LATENTS, K, truth.documents.states.values, truth.setting.seed + 1)


def trained_dictionary(truth: Truth) -> SparseAutoencoder:
    """An SAE trained by the project's own trainer on the documents' states."""
    from sae.in_memory import ArraySource
    from sae.train import TrainConfig, train

    states = truth.documents.states.values
    batch = min(1024, len(states) // 64)
    config = TrainConfig(
        n_tokens=EPOCHS * len(states),
        n_latents=N_LATENTS,
        k=K,
        batch_size=batch,
        peak_learning_rate=3e-3,
        seed=truth.setting.seed,
        checkpoint_every=1_000_000,
        log_every=200,
    )
    with TemporaryDirectory() as folder:
        return train(config, ArraySource(states), Path(folder) / "run")


def known_truth_is_kept(study: Study) -> bool:
    """Whether `read_known_truth` returns an answer."""
    return all(is_kept(path_of(study, name), _facts()) for name in (MEASURES, DIRECTIONS))


def write_known_truth(study: Study, progress: Progress | None = None) -> None:
    """Keep `known_truth` beside a study, if it is not there already."""
    if not known_truth_is_kept(study):
        answer = known_truth(progress=progress)
        write_kept(path_of(study, DIRECTIONS), answer.directions, _facts())
        write_kept(path_of(study, MEASURES), answer.measures, _facts())


def read_known_truth(study: Study) -> KnownTruth | None:
    """What `write_known_truth` kept; None before that."""
    measures, directions = (read_kept(path_of(study, name), _facts()) for name in (MEASURES, DIRECTIONS))
    return None if measures is None or directions is None else KnownTruth(Setting(), measures, directions)


def _facts() -> dict[str, Any]:
    """What the answer holds for: this setting, whatever the study."""
    setting = {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(Setting()).items()
    }
    return {"format": FORMAT, "n_latents": N_LATENTS, "k": K, "epochs": EPOCHS, "setting": setting}


KNOWN_TRUTH = Aspect(
    NAME,
    "Known truth",
    "Does the workbench find a dictionary, a law and synonyms that are known to be there?",
    (MEASURES, DIRECTIONS),
    known_truth_is_kept,
    write_known_truth,
    read_known_truth,
)
