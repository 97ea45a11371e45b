"""Do frequent terms have more meanings? Zipf's meaning-frequency law (1945): meanings = c frequency^delta.

For words and the senses of a dictionary, delta is about 1/2. Here, without a dictionary:

    of a latent    meanings are the forms (stemmed words) that its activation falls on; frequency: its tokens
    of a word      meanings are the latents that its tokens activate; frequency: its tokens
    forms, senses  their number;  effective: 2^H, the number of equal shares with the same entropy H

A frequent term occurs with more forms or latents by chance alone. The control is as many tokens drawn at
random from the whole text; the law is informative where terms differ from it. A term with one meaning stays
at 1 while the control rises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.forms import SurfaceForms, surface_forms
from analyses.latents.latent_table import vocabulary_table
from analyses.latents.types import TYPES, TypeThresholds, classify, type_measures
from analyses.statistics.log_bins import binned_medians, power_law
from retrieval.kernels import kernel
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

FEWEST_TOKENS = 5
MEASURES = ("number", "effective")
SPECIFICITY = {
    "number": "distinct forms",
    "effective": "effective forms",
    "top_form_share": "share of the top form",
    "closeness": "similarity of the forms in meaning",
    "coherence": "similarity of the documents",
}
FORMAT = 1


def polysemy_measures(study: Study, seed: int = 0) -> pd.DataFrame:
    """One row per term on FEWEST_TOKENS tokens or more; read from the study where `write_polysemy` kept it.

    Columns system (latents, words), term (a latent's number, a form's number), name, tokens (frequency), number,
    effective (of forms that a latent falls on, of latents that a word activates), chance_number, chance_effective:
    of as many tokens drawn at random, from `seed`.
    """
    kept = read_kept(study.path / "meanings.parquet", _facts(study, seed))
    return compute_polysemy(study, seed) if kept is None else kept


def write_polysemy(study: Study, seed: int = 0) -> None:
    """Keep `polysemy_measures` in the study's folder as meanings.parquet, if it is not there already."""
    path = study.path / "meanings.parquet"
    if read_kept(path, _facts(study, seed)) is None:
        write_kept(path, compute_polysemy(study, seed), _facts(study, seed))


def polysemy_is_kept(study: Study, seed: int = 0) -> bool:
    """Whether the study keeps `polysemy_measures`."""
    return read_kept(study.path / "meanings.parquet", _facts(study, seed)) is not None


def compute_polysemy(study: Study, seed: int = 0) -> pd.DataFrame:
    """The table of `polysemy_measures`, computed in some seconds."""
    forms = surface_forms(study)
    contexts, generator = study.contexts, np.random.default_rng(seed)
    ptr, value, form = np.asarray(contexts.ptr), np.asarray(contexts.value), forms.of_token.astype(np.int32)
    number, effective = _spread(ptr, form[contexts.token], value, len(forms.words))
    drawn = generator.integers(0, len(form), len(value), np.int32)  # each latent's tokens, drawn anew
    by_chance = _spread(ptr, form[drawn], value, len(forms.words))
    return pd.concat(
        [
            _table("latents", latent_names(study), np.diff(ptr), number, effective, by_chance),
            _words(study, forms, generator),
        ],
        ignore_index=True,
    )


def latent_names(study: Study) -> list[str]:
    """The labels of the study's latents."""
    names: list[str] = vocabulary_table(study)["label"].tolist()
    return names


def polysemy_law(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Zipf's law on each system, measure and its control: one row each, from `polysemy_measures`.

    Columns system, measure (number, effective), control (whether it is the chance draw), slope (delta), low, high
    (95%, bootstrap over terms), rho, p_value (Spearman's rank correlation, two-sided), n (terms).
    """
    rows = []
    for system, part in table.groupby("system", sort=False):
        for measure in MEASURES:
            for control in (False, True):
                y = part[f"chance_{measure}" if control else measure].to_numpy()
                fitted = power_law(part["tokens"].to_numpy(), y, seed=seed)
                rows.append({"system": system, "measure": measure, "control": control, **vars(fitted)})
    return pd.DataFrame(rows)


def polysemy_medians(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Medians over the terms of each doubling of frequency: `binned_medians` with columns system, measure and
    control.
    """
    parts = [
        binned_medians(
            part["tokens"].to_numpy(), part[f"chance_{measure}" if control else measure].to_numpy(), seed=seed
        ).assign(system=system, measure=measure, control=control)
        for system, part in table.groupby("system", sort=False)
        for measure in MEASURES
        for control in (False, True)
    ]
    return pd.concat(parts, ignore_index=True)


def specificity_law(study: Study, table: pd.DataFrame, measures: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rank correlation of a latent's frequency with each of SPECIFICITY: columns measure, rho, p_value
    (Spearman's), n.

    table: `polysemy_measures`; measures: `analyses.latents.types.type_measures`.
    """
    from scipy.stats import spearmanr  # half a second to import

    measures = type_measures(study) if measures is None else measures
    latents = table[table["system"] == "latents"]
    joined = latents.merge(
        measures[["latent", "top_form_share", "closeness", "coherence"]], left_on="term", right_on="latent"
    )
    rows = []
    for measure in SPECIFICITY:
        known = joined[["tokens", measure]].dropna()
        rank = spearmanr(known["tokens"], known[measure]) if len(known) > 2 else None
        rho, p_value = (float(rank.statistic), float(rank.pvalue)) if rank else (float("nan"),) * 2
        rows.append({"measure": measure, "rho": rho, "p_value": p_value, "n": len(known)})
    return pd.DataFrame(rows)


def types_by_frequency(
    measures: pd.DataFrame, document_frequency: NDArray[np.integer[Any]], thresholds: TypeThresholds
) -> pd.DataFrame:
    """Shares of the types in each doubling of document frequency: low, high (documents), type, count, share, n
    (latents).
    """
    types = classify(measures, thresholds)
    typed = np.isin(types, TYPES) & (document_frequency > 0)
    bins = np.floor(np.log2(np.maximum(document_frequency, 1))).astype(int)
    rows = []
    for number in np.unique(bins[typed]):
        inside = typed & (bins == number)
        n = int(inside.sum())
        for kind in TYPES:
            count = int((types[inside] == kind).sum())
            rows.append((2**number, 2 ** (number + 1) - 1, kind, count, count / n, n))
    return pd.DataFrame(rows, columns=["low", "high", "type", "count", "share", "n"])


def _words(study: Study, forms: SurfaceForms, generator: np.random.Generator) -> pd.DataFrame:
    """The forms of the text as terms, and the latents that their tokens activate."""
    shown = forms.is_form[forms.of_token]
    tokens = np.flatnonzero(shown)
    order = tokens[np.argsort(forms.of_token[tokens], kind="stable")]
    counted = np.bincount(forms.of_token[tokens], minlength=len(forms.words))
    ptr = np.concatenate(([0], np.cumsum(counted)))
    indices, activations = np.asarray(study.tokens.indices), np.asarray(study.tokens.activations)
    k, n_latents = indices.shape[1], study.n_latents
    drawn = generator.choice(tokens, len(tokens)) if len(tokens) else tokens
    own, chance = (
        _spread(ptr * k, indices[rows].ravel(), activations[rows].ravel(), n_latents)
        for rows in (order, drawn)
    )
    return _table("words", forms.words, counted, *own, chance)


def _table(
    system: str,
    names: Any,
    tokens: NDArray[np.int64],
    number: NDArray[np.float64],
    effective: NDArray[np.float64],
    chance: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> pd.DataFrame:
    terms = np.flatnonzero(tokens >= FEWEST_TOKENS)
    return pd.DataFrame(
        {
            "system": system,
            "term": terms,
            "name": [names[term] for term in terms],
            "tokens": tokens[terms],
            "number": number[terms],
            "effective": effective[terms],
            "chance_number": chance[0][terms],
            "chance_effective": chance[1][terms],
        }
    )


def _facts(study: Study, seed: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "study": study.manifest["fingerprint"],
        "n_latents": study.n_latents,
        "seed": seed,
    }


@kernel
def _spread(
    ptr: NDArray[np.int64], company: NDArray[Any], value: NDArray[np.float32], n_company: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each term, the number of companions that its value falls on, and 2^H of their shares; (n_terms,) each."""
    number, effective = np.zeros(len(ptr) - 1), np.zeros(len(ptr) - 1)
    summed = np.zeros(n_company)
    for term in range(len(ptr) - 1):
        total = 0.0
        for i in range(ptr[term], ptr[term + 1]):
            if value[i] > 0.0:
                if summed[company[i]] == 0.0:
                    number[term] += 1
                summed[company[i]] += value[i]
                total += value[i]
        inner = 0.0
        for i in range(ptr[term], ptr[term + 1]):
            own = summed[company[i]]
            if own > 0.0:
                inner += own * np.log(own)
                summed[company[i]] = 0.0
        if total > 0.0:
            effective[term] = np.exp(max(np.log(total) - inner / total, 0.0))
    return number, effective
