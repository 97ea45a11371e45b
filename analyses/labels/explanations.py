"""One-line explanations of latents by a chat model, and how well each predicts where its latent fires.

    precision = tp / (tp + fp)    recall = tp / (tp + fn)    balanced accuracy = (recall + tn / (tn + fp)) / 2

on held-out contexts, half of which are positive (detection, as EleutherAI's delphi scores it). The control: the
same contexts with the explanation of another latent, drawn at random. What the control also reaches comes from
guessing and from what latents have in common, not from the explanation. Intervals are Wilson's, 95%; for balanced
accuracy, which with equal halves is the share of right answers, over all contexts.

Kept in the study's notes.sqlite: one row per latent, model and version of the prompts; a later one replaces it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.labels._explanation_examples import Examples, can_be_explained, examples
from analyses.labels._explanation_prompts import VERSION, detect, explain, marked
from analyses.labels.explanation_model import ChatModel
from analyses.labels.notes_file import read, sae_of, writing
from analyses.statistics.intervals import wilson
from data.errors import UserError
from data.progress import Progress
from retrieval.study import Study

BATCH = 10  # excerpts in one request
COLUMNS = (
    *("latent", "model", "prompts", "text", "time", "seed"),
    *("n_explaining", "n_firing", "hits", "false_alarms"),
    *("control_latent", "control_text", "control_hits", "control_false_alarms"),
)
SCHEMA = """create table if not exists explanations (
    sae text not null, latent integer not null, model text not null, prompts text not null, text text not null,
    time real not null, seed integer not null, n_explaining integer not null, n_firing integer not null,
    hits integer not null, false_alarms integer not null,
    control_latent integer not null, control_text text not null,
    control_hits integer not null, control_false_alarms integer not null,
    primary key (sae, latent, model, prompts))"""


@dataclass(frozen=True)
class Detection:
    """Predictions on n_firing positive contexts (hits right) and as many negative ones (false_alarms wrong)."""

    n_firing: int
    hits: int
    false_alarms: int

    def measures(self) -> pd.DataFrame:
        """measure, value, low, high, n: precision (NaN without a prediction), recall, balanced accuracy."""
        n_right = self.hits + self.n_firing - self.false_alarms
        counts = {
            "precision": (self.hits, self.hits + self.false_alarms),
            "recall": (self.hits, self.n_firing),
            "balanced accuracy": (n_right, 2 * self.n_firing),
        }
        return pd.DataFrame(
            [(name, count / n if n else np.nan, *wilson(count, n), n) for name, (count, n) in counts.items()],
            columns=["measure", "value", "low", "high", "n"],
        )


@dataclass(frozen=True)
class Explanation:
    """A model's explanation of a latent, with its detection score.

    prompts: their version; time: Unix, seconds; n_explaining: contexts in the prompt. detection: with this
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
        """The explanation and its measures as JSON can hold them."""
        rows = self.measures().to_dict("records")
        measures = [{k: None if v != v else v for k, v in row.items()} for row in rows]
        return {**asdict(self), "measures": measures}


def explain_latents(
    study: Study, latents: Sequence[int], model: ChatModel, seed: int = 0, progress: Progress | None = None
) -> list[Explanation]:
    """Ask the model for a line on each latent, score it beside its control, and keep it as soon as it is scored.

    Controls are cyclic in a random order: each latent is tested with the explanation of the next. A single latent
    is tested with a kept explanation of another latent, or else with that of one more of about its frequency.
    """
    latents = list(dict.fromkeys(latents))
    if not latents:
        raise UserError("no latent is named: expected at least one to explain")
    contexts = {latent: examples(study, latent, seed) for latent in latents}  # fails before anything is sent
    ring = [latents[i] for i in np.random.default_rng([seed, 3]).permutation(len(latents))]
    kept: dict[int, str] = {}
    if len(ring) == 1:
        control, kept = _control_latent(study, ring[0], model, seed)
        ring.append(control)
    n_requests = sum(map(_n_requests, contexts.values())) + len(set(ring) - set(kept))
    requests = _Requests(model, progress, n_requests)
    texts = kept | {
        latent: requests.explain(contexts.get(latent) or examples(study, latent, seed))
        for latent in ring
        if latent not in kept
    }
    results = []
    for latent in latents:
        control = ring[(ring.index(latent) + 1) % len(ring)]
        tested, fires = contexts[latent].tested(seed)
        explanation = Explanation(
            latent,
            model.model,
            VERSION,
            texts[latent],
            time.time(),
            seed,
            n_explaining=len(contexts[latent].explaining),
            detection=requests.detect(texts[latent], tested, fires),
            control_latent=control,
            control_text=texts[control],
            control=requests.detect(texts[control], tested, fires),
        )
        _keep(study, explanation)
        results.append(explanation)
    return results


def cost(study: Study, latents: Sequence[int], seed: int = 0) -> tuple[int, int]:
    """Requests to the model, and characters contexts the collection in them, contexts `explain_latents`.

    Second requests after malformed replies are not counted. The explanation of a single latent's
    control is counted, with the latent's own length.
    """
    contexts = [examples(study, latent, seed) for latent in dict.fromkeys(latents)]
    n_explained = 2 if len(contexts) == 1 else 1
    explaining = sum(len(context.text) for part in contexts for context in part.explaining)
    tested = sum(len(text) for part in contexts for text in part.tested(seed)[0])
    n_requests = n_explained * len(contexts) + sum(map(_n_requests, contexts))
    return n_requests, n_explained * explaining + 2 * tested


def explanations(study: Study, model: str | None = None, latent: int | None = None) -> list[Explanation]:
    """The kept explanations of this SAE by these prompts, in order of latents; of one model or latent if named."""
    rows = read(
        study,
        f"select {', '.join(COLUMNS)} from explanations where sae = ? and prompts = ? "
        "and model = coalesce(?, model) and latent = coalesce(?, latent) order by latent, time desc",
        (sae_of(study), VERSION, model, latent),
    )
    return [_explanation(dict(zip(COLUMNS, row, strict=True))) for row in rows]


class _Requests:
    """Requests to the model, counted for `progress`."""

    def __init__(self, model: ChatModel, progress: Progress | None, total: int) -> None:
        self._model, self._progress, self._total, self._done = model, progress, total, 0
        self._report()

    def explain(self, contexts: Examples) -> str:
        line = explain(
            self._model, [marked(context.text, context.highlights) for context in contexts.explaining]
        )
        self._report(1)
        return line

    def detect(self, line: str, tested: Sequence[str], fires: NDArray[np.bool_]) -> Detection:
        predicted: list[bool] = []
        for start in range(0, len(tested), BATCH):
            predicted += detect(self._model, line, tested[start : start + BATCH])
            self._report(1)
        fired = np.array(predicted)
        return Detection(int(fires.sum()), int((fired & fires).sum()), int((fired & ~fires).sum()))

    def _report(self, more: int = 0) -> None:
        self._done += more
        if self._progress:
            self._progress("asking the model", self._done, self._total)


def _n_requests(contexts: Examples) -> int:
    """Requests of detection for one latent: with its explanation and with the control's."""
    return 2 * -(-(len(contexts.firing) + len(contexts.silent)) // BATCH)


def _control_latent(study: Study, latent: int, model: ChatModel, seed: int) -> tuple[int, dict[int, str]]:
    """A latent whose explanation is the control, and that explanation where it is kept."""
    rng = np.random.default_rng([seed, latent, 1])
    kept = {each.latent: each.text for each in explanations(study, model.model) if each.latent != latent}
    if kept:
        chosen = int(rng.choice(list(kept)))
        return chosen, {chosen: kept[chosen]}
    frequency = np.log1p(study.index.document_frequency)
    near = np.argsort(np.abs(frequency - frequency[latent]), kind="stable")[:200]
    for candidate in rng.permutation(near[near != latent]).tolist():
        if can_be_explained(study, candidate):
            return candidate, {}
    raise UserError(f"no other latent of about the frequency of {latent} has enough contexts for a control")


def _keep(study: Study, one: Explanation) -> None:
    values = (
        *(sae_of(study), one.latent, one.model, one.prompts, one.text, one.time, one.seed, one.n_explaining),
        *(one.detection.n_firing, one.detection.hits, one.detection.false_alarms),
        *(one.control_latent, one.control_text, one.control.hits, one.control.false_alarms),
    )
    with writing(study, SCHEMA) as notes:
        notes.execute(f"insert or replace into explanations values ({', '.join('?' * len(values))})", values)


def _explanation(row: dict[str, Any]) -> Explanation:
    n_firing, hits, false_alarms = (row.pop(name) for name in ("n_firing", "hits", "false_alarms"))
    control = Detection(n_firing, row.pop("control_hits"), row.pop("control_false_alarms"))
    return Explanation(**row, detection=Detection(n_firing, hits, false_alarms), control=control)
