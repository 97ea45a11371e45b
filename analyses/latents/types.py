"""Types of latents: lexical (one surface form), narrow semantic (a few close ones), broad topical (the rest).

    lexical    top_form_share >= 0.5                           half of its activation falls on one form
    narrow     top_forms_share >= 0.5 and closeness >= 0.3     half on five forms that mean about the same
    broad      everything else
    rare, dead fires on fewer than 5 tokens, on none           too few tokens for a type

A latent's kind is its type told further, by what the measures do not hold (`kinds`): subword, where one wordpiece
has most of the activation and no form has (analyses.text.latent_names.subword_of), and rare instead of broad on
fewer than 10 documents, which show no breadth.

The paper reports 33% lexical, 10% narrow and 57% broad without a procedure: this rule is ours, and its thresholds
are arguments. `type_measures` measures, `classify` is the rule. Broad is the rest, one topic or several unrelated
words: `coherence` distinguishes these, and is not in the rule.

A form is a word of the text, lower-cased and stemmed (forms). Shares are of a latent's whole activation,
so what falls on special tokens falls on no form. For `top_forms` stop words and punctuation do not count: otherwise
latents that fire on full stops and articles would pass for clusters of words close in meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.forms import (
    SurfaceForms,
    closeness,
    form_entropy,
    form_vectors,
    surface_forms,
    top_forms,
)
from analyses.statistics.intervals import wilson
from data.progress import Progress, within
from retrieval.contexts import ContextTable
from retrieval.kernels import kernel
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

TYPES = ("lexical", "narrow", "broad")
UNTYPED = ("rare", "dead")
SUBWORD = "subword"
KINDS = ("lexical", SUBWORD, "narrow", "broad")
FEWEST_DOCUMENTS = 10  # of a broad latent: those whose similarity is its coherence
PAPER_SHARES = {"lexical": 0.33, "narrow": 0.10, "broad": 0.57}
N_FORMS = 5
N_DOCUMENTS = 10  # whose similarity is a latent's coherence
FORMAT = 1  # of the measures, as they are kept


@dataclass(frozen=True)
class TypeThresholds:
    """The rule's numbers; see the module's text. fewest_tokens: below it a latent is rare."""

    lexical: float = 0.5
    narrow: float = 0.5
    closeness: float = 0.3
    fewest_tokens: int = 5


def latent_types(study: Study, thresholds: TypeThresholds | None = None) -> pd.DataFrame:
    """`type_measures` with a column `type`: one row per latent."""
    measures = type_measures(study)
    measures.insert(1, "type", classify(measures, thresholds or TypeThresholds()))
    return measures


def classify(measures: pd.DataFrame, thresholds: TypeThresholds) -> NDArray[np.str_]:
    """The type of each row of `type_measures`: the first rule that holds, dead and rare first; (n_latents,)."""
    rules = {
        "dead": measures["n_tokens"] == 0,
        "rare": measures["n_tokens"] < thresholds.fewest_tokens,
        "lexical": measures["top_form_share"] >= thresholds.lexical,
        "narrow": (measures["top_forms_share"] >= thresholds.narrow)
        & (measures["closeness"] >= thresholds.closeness),
    }
    return np.select([rule.to_numpy() for rule in rules.values()], list(rules), default="broad")


def kinds(
    types: NDArray[np.str_], subwords: Collection[int], document_frequency: NDArray[np.integer[Any]]
) -> NDArray[np.str_]:
    """The kind of each latent, one of KINDS and UNTYPED, (n_latents,); subwords: latents of a wordpiece."""
    kind = np.asarray(types).astype("<U8")
    few = (kind == "broad") & (np.asarray(document_frequency) < FEWEST_DOCUMENTS)
    kind[few] = "rare"
    of_piece = np.isin(np.arange(len(kind)), list(subwords)) & np.isin(types, ("narrow", "broad"))
    kind[of_piece] = SUBWORD
    return kind


def type_shares(types: NDArray[np.str_] | pd.Series) -> pd.DataFrame:
    """Share of each of TYPES among the latents that have one: type, count, share, low, high (Wilson, 95%), paper.

    Shares sum to 1; rare and dead latents are left out.
    """
    counted = pd.Series(types).value_counts()
    count = [int(counted.get(name, 0)) for name in TYPES]
    total = sum(count)
    low, high = zip(*(wilson(n, total) for n in count), strict=True)
    return pd.DataFrame(
        {
            "type": TYPES,
            "count": count,
            "share": [n / max(total, 1) for n in count],
            "low": low,
            "high": high,
            "paper": [PAPER_SHARES[name] for name in TYPES],
        }
    )


def shares_by_threshold(
    measures: pd.DataFrame, thresholds: TypeThresholds, n_steps: int = 41
) -> pd.DataFrame:
    """How the shares move as one threshold does and the others stay: threshold, value, type, share.

    threshold: lexical, narrow, closeness; value: n_steps of them from 0 to 1. Lexical falls as its threshold rises,
    narrow as its two do; broad rises with each.
    """
    typed = measures[measures["n_tokens"] >= max(thresholds.fewest_tokens, 1)]
    main, few, close = (typed[name].to_numpy() for name in ("top_form_share", "top_forms_share", "closeness"))
    rows = []
    for threshold in ("lexical", "narrow", "closeness"):
        for value in np.linspace(0, 1, n_steps):
            moved = TypeThresholds(**{**asdict(thresholds), threshold: float(value)})
            lexical = main >= moved.lexical
            narrow = ~lexical & (few >= moved.narrow) & (close >= moved.closeness)
            count = [int(lexical.sum()), int(narrow.sum()), int((~lexical & ~narrow).sum())]
            rows += [
                (threshold, value, name, n / max(len(typed), 1)) for name, n in zip(TYPES, count, strict=True)
            ]
    return pd.DataFrame(rows, columns=["threshold", "value", "type", "share"])


def stratified_sample(
    types: NDArray[np.str_] | pd.Series, per_type: int, seed: int = 0, names: Sequence[str] = TYPES
) -> NDArray[np.int64]:
    """Rows of at most `per_type` of each of `names`, drawn without replacement, in a random order."""
    generator, types = np.random.default_rng(seed), np.asarray(types)
    drawn = [generator.permutation(np.flatnonzero(types == name))[:per_type] for name in names]
    return generator.permutation(np.concatenate(drawn))


def type_measures(study: Study) -> pd.DataFrame:
    """The measures of the rule, one row per latent; read from the study's folder if `write_types` kept them.

    Otherwise computed in seconds, mostly by the encoder. latent; top_form, and top_form_share of the
    activation; top_forms (N_FORMS, strongest first) and top_forms_share; form_entropy (bits) of the
    activation over all forms; closeness: cosine of two of top_forms, drawn by activation (`forms.closeness`),
    NaN below two, and where the encoder reads no new texts, so that no latent is narrow; coherence: mean cosine of
    the N_DOCUMENTS strongest documents minus that of any two documents, NaN below two documents; n_tokens.
    """
    kept = read_kept(study.path / "types.parquet", _facts(study))
    return measure(study, study.contexts) if kept is None else kept


def types_are_kept(study: Study) -> bool:
    """Whether the study keeps `type_measures`."""
    return read_kept(study.path / "types.parquet", _facts(study)) is not None


def write_types(study: Study, progress: Progress | None = None) -> None:
    """Keep `type_measures` in the study's folder as types.parquet, if it is not there already.

    progress: the stage, tokens of words encoded, of all.
    """
    if not types_are_kept(study):
        measures = measure(study, study.contexts, progress=progress)
        write_kept(study.path / "types.parquet", measures, _facts(study))


def measure(
    study: Study,
    contexts: ContextTable,
    forms: SurfaceForms | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """`type_measures` of any contexts on the study's tokens, of its own latents or of others."""
    forms = forms or surface_forms(study)
    top, top_share = top_forms(contexts, forms, forms.is_form, 1)
    few, few_shares = top_forms(contexts, forms, forms.has_meaning, N_FORMS)
    report = within(progress, "Words of the latents")
    return pd.DataFrame(
        {
            "latent": np.arange(len(contexts.ptr) - 1),
            "top_form": [forms.words[form] if form >= 0 else "" for form in top[:, 0]],
            "top_form_share": top_share[:, 0],
            "top_forms": [" · ".join(forms.words[form] for form in row if form >= 0) for row in few],
            "top_forms_share": few_shares.sum(axis=1),
            "form_entropy": form_entropy(contexts, forms),
            "closeness": closeness(few, few_shares, form_vectors(study, forms, few, report)),
            "coherence": coherence(study, contexts),
            "n_tokens": np.diff(contexts.ptr),
        }
    )


def coherence(study: Study, contexts: ContextTable, depth: int = N_DOCUMENTS) -> NDArray[np.float64]:
    """Mean cosine of pairs of a latent's `depth` strongest documents, minus that of the corpus; (n_latents,).

    By the documents' pooled vectors: 0 is chance, NaN for fewer than two documents.
    """
    tokens = study.tokens
    owners = np.repeat(np.arange(len(tokens.offsets) - 1), np.diff(tokens.offsets))
    documents = _strongest_documents(np.asarray(contexts.ptr), np.asarray(contexts.token), owners, depth)
    vectors = np.asarray(study.vectors, np.float64)
    sums = np.zeros((len(documents), vectors.shape[1]))
    for column in documents.T:
        sums[column >= 0] += vectors[column[column >= 0]]
    return _pairwise(sums, (documents >= 0).sum(axis=1)) - _pairwise(
        vectors.sum(axis=0)[None], np.array([len(vectors)])
    )


def _pairwise(sums: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean cosine of two different of the n unit vectors that have these sums, NaN where n < 2; (rows,)."""
    several = n > 1
    cosines = np.square(sums).sum(axis=1) - n
    return np.where(several, cosines / np.where(several, n * (n - 1), 1), np.nan)


def _facts(study: Study) -> dict[str, Any]:
    """What kept measures hold for."""
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}


@kernel
def _strongest_documents(
    ptr: NDArray[np.int64], token: NDArray[np.int32], owners: NDArray[np.int64], depth: int
) -> NDArray[np.int64]:
    """The first `depth` different documents of each latent's contexts, (n_latents, depth); -1 for none."""
    documents = np.full((len(ptr) - 1, depth), -1)
    for latent in range(len(documents)):
        n_found = 0
        for i in range(ptr[latent], ptr[latent + 1]):
            document = owners[token[i]]
            if not (documents[latent, :n_found] == document).any():
                documents[latent, n_found] = document
                n_found += 1
                if n_found == depth:
                    break
    return documents


def kept_types(study: Study) -> pd.Series:
    """The type of each latent by the default thresholds if the study keeps `type_measures`; empty otherwise.

    For pages that should not wait seconds for the measures.
    """
    if not types_are_kept(study):
        return pd.Series(dtype=str)
    measures = type_measures(study)
    return pd.Series(classify(measures, TypeThresholds()), index=measures["latent"])
