"""One-line explanations of latents by a model of the reader's, and how well each tells where its latent fires.

    precision = tp / (tp + fp)    recall = tp / (tp + fn)    balanced accuracy = (recall + tn / (tn + fp)) / 2

on held-out contexts, half of which fire (detection, as EleutherAI's delphi scores it; see explanations_examples).
The control: the same contexts with the explanation of another latent, drawn by chance. What the control also
reaches is owed to guessing and to what latents have in common, not to the explanation. Intervals are Wilson's, 95%;
for balanced accuracy, which with equal halves is the share answered rightly, of all contexts.

Kept in the study's notes.sqlite: one a latent, model and version of the prompts, a later one replacing an earlier.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.explanations_examples import Examples, can_be_explained, examples
from analyses.explanations_model import ChatModel
from analyses.explanations_prompts import VERSION, detect, explain, marked
from analyses.intervals import wilson
from analyses.notes_file import read, sae_of, writing
from data.errors import UserError
from retrieval.study import Study

BATCH = 10  # excerpts in one question
Progress = Callable[[str, int, int], None]
COLUMNS = (
    "latent", "model", "prompts", "text", "time", "seed", "n_explaining", "n_firing", "hits", "false_alarms",
    "control_latent", "control_text", "control_hits", "control_false_alarms",
)  # fmt: skip
SCHEMA = """create table if not exists explanations (
    sae text not null, latent integer not null, model text not null, prompts text not null, text text not null,
    time real not null, seed integer not null, n_explaining integer not null, n_firing integer not null,
    hits integer not null, false_alarms integer not null,
    control_latent integer not null, control_text text not null,
    control_hits integer not null, control_false_alarms integer not null,
    primary key (sae, latent, model, prompts))"""


@dataclass(frozen=True)
class Detection:
    """Answers on n_firing contexts that fire and as many that do not: said to fire of the former, of the latter."""

    n_firing: int
    hits: int
    false_alarms: int

    def measures(self) -> pd.DataFrame:
        """measure, value, low, high, n: precision (NaN if nothing is said to fire), recall, balanced accuracy."""
        right = self.hits + self.n_firing - self.false_alarms
        counts = {
            "precision": (self.hits, self.hits + self.false_alarms),
            "recall": (self.hits, self.n_firing),
            "balanced accuracy": (right, 2 * self.n_firing),
        }
        return pd.DataFrame(
            [(name, count / n if n else np.nan, *wilson(count, n), n) for name, (count, n) in counts.items()],
            columns=["measure", "value", "low", "high", "n"],
        )


@dataclass(frozen=True)
class Explanation:
    """What a model says of a latent, and how it fared.

    prompts: their version; time: Unix, seconds; n_explaining: contexts it was made from. detection: with this
    explanation; control: on the same contexts with control_text, which explains control_latent.
    """

    latent: int
    model: str
    prompts: str
    text: str
    time: float
    seed: int
    n_explaining: int
    detection: Detection
    control_latent: int
    control_text: str
    control: Detection

    def measures(self) -> pd.DataFrame:
        """of (explanation, control), measure, value, low, high, n."""
        parts = {"explanation": self.detection, "control": self.control}
        return pd.concat(
            [each.measures().assign(of=name) for name, each in parts.items()], ignore_index=True
        )[["of", "measure", "value", "low", "high", "n"]]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        rows = self.measures().to_dict("records")
        measures = [{k: None if v != v else v for k, v in row.items()} for row in rows]
        return {**asdict(self), "measures": measures}


def explain_latents(
    study: Study, latents: Sequence[int], model: ChatModel, seed: int = 0, progress: Progress | None = None
) -> list[Explanation]:
    """Ask the model for a line on each latent, score it beside its control, and keep it as soon as it is scored.

    Controls go round in an order drawn by chance: each latent is tested with the explanation of the next; a latent
    alone, with one that is kept of another latent, else with that of one more, about as frequent.
    """
    latents = list(dict.fromkeys(latents))
    if not latents:
        raise UserError("no latent is named: expected at least one to explain")
    of = {latent: examples(study, latent, seed) for latent in latents}  # refused before anything is sent
    ring = [latents[i] for i in np.random.default_rng([seed, 3]).permutation(len(latents))]
    kept: dict[int, str] = {}
    if len(ring) == 1:
        other, kept = _another(study, ring[0], model, seed)
        ring.append(other)
    asking = _Asking(model, progress, sum(map(_questions, of.values())) + len(set(ring) - set(kept)))
    texts = kept | {
        latent: asking.explain(of.get(latent) or examples(study, latent, seed))
        for latent in ring
        if latent not in kept
    }
    made = []
    for latent in latents:
        control = ring[(ring.index(latent) + 1) % len(ring)]
        tested, fires = of[latent].tested(seed)
        scored = Explanation(
            latent, model.model, VERSION, texts[latent], time.time(), seed, len(of[latent].explaining),
            asking.detect(texts[latent], tested, fires), control, texts[control],
            asking.detect(texts[control], tested, fires),
        )  # fmt: skip
        _keep(study, scored)
        made.append(scored)
    return made


def cost(study: Study, latents: Sequence[int], seed: int = 0) -> tuple[int, int]:
    """Requests to the model, and characters of the collection in them, that `explain_latents` takes.

    A reply that is malformed is asked for once more, and is not counted; the explanation of a control, where one
    latent is alone, is, as though it were as long.
    """
    of = [examples(study, latent, seed) for latent in dict.fromkeys(latents)]
    alone = 2 if len(of) == 1 else 1
    explaining = sum(len(context.text) for each in of for context in each.explaining)
    tested = sum(len(text) for each in of for text in each.tested(seed)[0])
    return alone * len(of) + sum(map(_questions, of)), alone * explaining + 2 * tested


def explanations(study: Study, model: str | None = None, latent: int | None = None) -> list[Explanation]:
    """Those kept for this SAE, of these prompts, by latent; all of them, or of one model or latent."""
    rows = read(
        study,
        f"select {', '.join(COLUMNS)} from explanations where sae = ? and prompts = ? "
        "and model = coalesce(?, model) and latent = coalesce(?, latent) order by latent, time desc",
        (sae_of(study), VERSION, model, latent),
    )
    return [_explanation(dict(zip(COLUMNS, row, strict=True))) for row in rows]


class _Asking:
    """Questions to the model, counted for whoever watches."""

    def __init__(self, model: ChatModel, progress: Progress | None, total: int) -> None:
        self._model, self._progress, self._total, self._done = model, progress, total, 0
        self._tell()

    def explain(self, found: Examples) -> str:
        line = explain(
            self._model, [marked(context.text, context.highlights) for context in found.explaining]
        )
        self._tell(1)
        return line

    def detect(self, line: str, tested: Sequence[str], fires: NDArray[np.bool_]) -> Detection:
        said: list[bool] = []
        for start in range(0, len(tested), BATCH):
            said += detect(self._model, line, tested[start : start + BATCH])
            self._tell(1)
        answers = np.array(said)
        return Detection(int(fires.sum()), int((answers & fires).sum()), int((answers & ~fires).sum()))

    def _tell(self, more: int = 0) -> None:
        self._done += more
        if self._progress:
            self._progress("asking the model", self._done, self._total)


def _questions(found: Examples) -> int:
    """Detection's requests for one latent: with its explanation and with the control's."""
    return 2 * -(-(len(found.firing) + len(found.silent)) // BATCH)


def _another(study: Study, latent: int, model: ChatModel, seed: int) -> tuple[int, dict[int, str]]:
    """A latent to take the control's explanation from, and that explanation where it is kept."""
    rng = np.random.default_rng([seed, latent, 1])
    kept = {each.latent: each.text for each in explanations(study, model.model) if each.latent != latent}
    if kept:
        chosen = int(rng.choice(list(kept)))
        return chosen, {chosen: kept[chosen]}
    frequency = np.log1p(study.index.document_frequency)
    near = np.argsort(np.abs(frequency - frequency[latent]), kind="stable")[:200]
    for other in rng.permutation(near[near != latent]).tolist():
        if can_be_explained(study, other):
            return other, {}
    raise UserError(f"no other latent about as frequent as {latent} has contexts enough for a control")


def _keep(study: Study, each: Explanation) -> None:
    values = (
        sae_of(study), each.latent, each.model, each.prompts, each.text, each.time, each.seed, each.n_explaining,
        each.detection.n_firing, each.detection.hits, each.detection.false_alarms,
        each.control_latent, each.control_text, each.control.hits, each.control.false_alarms,
    )  # fmt: skip
    with writing(study, SCHEMA) as notes:
        notes.execute(f"insert or replace into explanations values ({', '.join('?' * len(values))})", values)


def _explanation(row: dict[str, Any]) -> Explanation:
    n_firing, hits, false_alarms = (row.pop(name) for name in ("n_firing", "hits", "false_alarms"))
    control = Detection(n_firing, row.pop("control_hits"), row.pop("control_false_alarms"))
    return Explanation(**row, detection=Detection(n_firing, hits, false_alarms), control=control)
