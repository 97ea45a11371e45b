"""What a dictionary recovers of a known truth: directions, firing law, synonyms, types, and rankings.

    chance of two words being synonyms    pairs of synonyms / pairs of words

Each function takes the truth and the dictionaries by name (SAEs in form), and gives rows of COLUMNS. Intervals are
95%: Wilson's of shares of directions, bootstraps over words and over queries, random halves of the documents for
the law.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.latents.types import TYPES, TypeThresholds, classify, type_shares
from analyses.laws.laws import rank_parameters
from analyses.statistics.intervals import bootstrap_mean, wilson
from analyses.statistics.significance import holm, paired_randomisation
from analyses.vocabularies.vocabularies import of_table
from analyses.why.reading.synthetic import Texts, Truth
from retrieval.bm25 import LEXICAL, Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.index import Index
from retrieval.run import Run
from retrieval.search import search
from retrieval.weighted_index import WeightedIndex

if TYPE_CHECKING:
    from sae.latents import TokenLatents
    from sae.model import SparseAutoencoder

TRUE, TRAINED, RANDOM = "true dictionary", "trained SAE", "random directions"
FIRED, WORDS, COSINE = "true firings", "words", "cosine"
COLUMNS = ("dictionary", "measure", "value", "low", "high", "n", "p_holm", "truth")
FOUND = 0.9  # cosine from which a direction counts as found
FEWEST = 5  # tokens of a word that has a strongest latent
N_HALVES = 60
DEPTH = 10
Dictionaries = Mapping[str, "SparseAutoencoder"]
NAN = float("nan")


def directions_table(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """One row per true direction; see `KnownTruth`."""
    texts = truth.documents
    fired = np.bincount(texts.meaning, minlength=len(truth.share)) + np.bincount(
        texts.context[texts.context != texts.meaning], minlength=len(truth.share)
    )
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(truth.share) + 1),
            "share": truth.share,
            "tokens": fired,
            "n_words": np.bincount(truth.meaning_of, minlength=len(truth.share)),
            "trained": best_cosines(truth, dictionaries[TRAINED]),
            "random": best_cosines(truth, dictionaries[RANDOM]),
        }
    )


def best_cosines(truth: Truth, sae: SparseAutoencoder) -> NDArray[np.float64]:
    """max_j cos(D_r, W_dec_j) of each true direction, (n_directions,)."""
    decoder = sae.W_dec.numpy().astype(np.float64)
    unit = decoder / np.maximum(np.linalg.norm(decoder, axis=1, keepdims=True), 1e-12)
    best: NDArray[np.float64] = (truth.directions.astype(np.float64) @ unit.T).max(axis=1)
    return best


def recovered(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """Mean max cosine, and the share of the directions above FOUND."""
    rows = []
    for name, sae in dictionaries.items():
        cosine = best_cosines(truth, sae)
        n, found = len(cosine), int((cosine > FOUND).sum())
        rows.append(
            _row(name, "mean max cosine", float(cosine.mean()), *bootstrap_mean(cosine), n, truth=1.0)
        )
        rows.append(_row(name, "directions found", found / n, *wilson(found, n), n, truth=1.0))
    return _table(rows)


def exponents(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """Exponent and shift of Zipf-Mandelbrot's law, of what fired in truth and of what each dictionary counts."""
    counted = {FIRED: (_true_postings(truth), len(truth.share))}
    for name, sae in dictionaries.items():
        counted[name] = _postings(_latents(sae, truth.documents)), sae.n_latents
    put_in = {"exponent": truth.setting.exponent, "shift": truth.setting.shift}
    rows = []
    for name, (postings, n_terms) in counted.items():
        vocabulary = of_table(name, postings, [""] * n_terms, truth.setting.n_documents)
        n = postings["term"].nunique()
        for row in rank_parameters(vocabulary, "tokens", truth.setting.seed, N_HALVES):
            if row["law"] == "zipf_mandelbrot":
                bounds = row["value"], row["low"], row["high"]
                rows.append(_row(name, row["parameter"], *bounds, n, truth=put_in[row["parameter"]]))
    return _table(rows)


def synonyms(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """Whether two words have the same strongest latent, against whether they are synonyms."""
    known = np.bincount(truth.documents.word, minlength=len(truth.meaning_of)) >= FEWEST
    meaning = truth.meaning_of[known]
    alike = meaning[:, None] == meaning[None, :]
    np.fill_diagonal(alike, False)
    pairs = len(meaning) * (len(meaning) - 1)
    chance = alike.sum() / max(pairs, 1)
    rows = [_row("chance", "synonym precision", float(chance), NAN, NAN, pairs // 2)]
    for name, sae in dictionaries.items():
        strongest = _by_word(truth, _latents(sae, truth.documents), sae.n_latents).argmax(axis=0)[known]
        same = strongest[:, None] == strongest[None, :]
        np.fill_diagonal(same, False)
        hits = (same & alike).sum(axis=1)
        for measure, whole in (("precision", same.sum(axis=1)), ("recall", alike.sum(axis=1))):
            ratio = _ratio(hits, whole, truth.setting.seed)
            rows.append(_row(name, f"synonym {measure}", *ratio, int(whole.sum()) // 2, truth=1.0))
    return _table(rows)


def types_of(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """The shares of lexical, narrow and broad latents, by the rule of analyses/latents/types.py; forms are words.

    Closeness: the cosine of what two words stand for, 1 for synonyms; the truth is the rule on the true directions.
    """
    rows = []
    for name, sae in dictionaries.items():
        latents = _latents(sae, truth.documents)
        measures = _type_measures(truth, latents, sae.n_latents)
        shares = type_shares(classify(measures, TypeThresholds()))
        for row in shares.to_dict("records"):
            bounds = row["share"], row["low"], row["high"]
            rows.append(_row(name, f"{row['type']} latents", *bounds, int(shares["count"].sum())))
    put_in = {row["measure"]: row["value"] for row in rows if row["dictionary"] == TRUE}
    assert len(put_in) == len(TYPES)
    return _table([{**row, "truth": put_in[row["measure"]]} for row in rows])


def rankings(truth: Truth, dictionaries: Dictionaries) -> pd.DataFrame:
    """nDCG@10 of each dictionary's latent terms, of words and of cosine; the SAE's differences from each."""
    found = {name: _ndcg(truth, _latent_run(truth, sae)) for name, sae in dictionaries.items()}
    found[WORDS] = _ndcg(truth, _word_run(truth))
    found[COSINE] = _ndcg(truth, _cosine_run(truth))
    n = len(truth.relevant)
    rows = [_row(name, "nDCG@10", float(v.mean()), *bootstrap_mean(v), n) for name, v in found.items()]
    others = [name for name in found if name != TRAINED]
    gaps = {name: found[TRAINED] - found[name] for name in others}
    corrected = holm([paired_randomisation(gap) for gap in gaps.values()])
    for (name, gap), p in zip(gaps.items(), corrected.tolist(), strict=True):
        bounds = float(gap.mean()), *bootstrap_mean(gap)
        rows.append(_row(TRAINED, f"nDCG@10 minus {name}", *bounds, n, p_holm=p))
    return _table(rows)


def _row(
    dictionary: str,
    measure: str,
    value: float,
    low: float,
    high: float,
    n: int,
    p_holm: float = NAN,
    truth: float = NAN,
) -> dict[str, Any]:
    return dict(zip(COLUMNS, (dictionary, measure, value, low, high, n, p_holm, truth), strict=True))


def _table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def _latents(sae: SparseAutoencoder, texts: Texts) -> TokenLatents:
    from sae.latents import token_latents

    return token_latents(sae, texts.states)


def _postings(latents: TokenLatents) -> pd.DataFrame:
    """A row per latent and document that it fires in: term, text, count (tokens), mass (summed activation)."""
    token, slot = np.nonzero(latents.activations > 0)
    text = np.searchsorted(latents.offsets, token, side="right") - 1
    return _counted(latents.indices[token, slot], text, latents.activations[token, slot])


def _true_postings(truth: Truth) -> pd.DataFrame:
    """The same of the directions that each token was made of; one that is both meaning and context fires once."""
    texts = truth.documents
    text = np.repeat(np.arange(len(texts.states)), texts.states.lengths)
    twice = texts.meaning == texts.context
    term, text = np.concatenate([texts.meaning, texts.context[~twice]]), np.concatenate([text, text[~twice]])
    return _counted(term, text, np.ones(len(term), np.float32))


def _counted(term: NDArray[Any], text: NDArray[Any], mass: NDArray[Any]) -> pd.DataFrame:
    fired = pd.DataFrame({"term": term, "text": text, "mass": mass})
    summed = fired.groupby(["term", "text"], sort=True)["mass"].agg(["size", "sum"]).reset_index()
    return summed.rename(columns={"size": "count", "sum": "mass"})


def _by_word(truth: Truth, latents: TokenLatents, n_latents: int) -> NDArray[np.float64]:
    """Summed activation of each latent on each word, (n_latents, n_words)."""
    token, slot = np.nonzero(latents.activations > 0)
    where = (latents.indices[token, slot], truth.documents.word[token])
    shape = (n_latents, len(truth.meaning_of))
    return csr_array((latents.activations[token, slot].astype(np.float64), where), shape=shape).toarray()


def _ratio(part: NDArray[Any], whole: NDArray[Any], seed: int) -> tuple[float, float, float]:
    """sum(part) / sum(whole), and its bootstrap interval over words; NaN where there is nothing to divide by."""
    if not whole.sum():
        return NAN, NAN, NAN
    n = len(whole)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), 1000)
    below = draws @ whole
    ratios = np.divide(draws @ part, below, out=np.zeros(len(draws)), where=below > 0)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(part.sum() / whole.sum()), float(low), float(high)


def _type_measures(truth: Truth, latents: TokenLatents, n_latents: int) -> pd.DataFrame:
    """What `classify` reads, one row per latent."""
    by_word = _by_word(truth, latents, n_latents)
    whole = np.maximum(by_word.sum(axis=1, keepdims=True), 1e-12)
    order = np.argsort(-by_word, axis=1, kind="stable")[:, :5]
    shares = np.take_along_axis(by_word, order, axis=1) / whole
    vectors = truth.directions[truth.meaning_of[order]].astype(np.float64)
    weight = shares[:, :, None] * shares[:, None, :]
    weight[:, range(5), range(5)] = 0
    closeness = (weight * (vectors @ vectors.transpose(0, 2, 1))).sum(axis=(1, 2))
    total = weight.sum(axis=(1, 2))
    fires = latents.activations > 0
    return pd.DataFrame(
        {
            "n_tokens": np.bincount(latents.indices[fires], minlength=n_latents),
            "top_form_share": shares[:, 0],
            "top_forms_share": shares.sum(axis=1),
            "closeness": np.divide(closeness, total, out=np.full(n_latents, NAN), where=total > 0),
        }
    )


def _latent_run(truth: Truth, sae: SparseAutoencoder) -> Run:
    from sae.latents import pool

    documents, queries = (
        pool(_latents(sae, texts), sae.n_latents) for texts in (truth.documents, truth.queries)
    )
    return _search(truth, documents, queries, Bm25Parameters())


def _word_run(truth: Truth) -> Run:
    return _search(truth, _word_counts(truth, truth.documents), _word_counts(truth, truth.queries), LEXICAL)


def _word_counts(truth: Truth, texts: Texts) -> csr_array:
    row = np.repeat(np.arange(len(texts.states)), texts.states.lengths)
    shape = (len(texts.states), len(truth.meaning_of))
    counts: csr_array = csr_array((np.ones(len(row), np.float32), (row, texts.word)), shape=shape)
    return counts


def _search(truth: Truth, documents: csr_array, queries: csr_array, parameters: Bm25Parameters) -> Run:
    index = WeightedIndex.of(Index.from_counts(documents), parameters)
    return search(index, queries, DEPTH, *_ids(truth))


def _cosine_run(truth: Truth) -> Run:
    documents, queries = (
        np.add.reduceat(texts.states.values, texts.states.offsets[:-1])
        for texts in (truth.documents, truth.queries)
    )
    return cosine_search(documents, queries, DEPTH, *_ids(truth))


def _ids(truth: Truth) -> tuple[list[str], list[str]]:
    return [str(i) for i in range(len(truth.relevant))], [str(i) for i in range(truth.setting.n_documents)]


def _ndcg(truth: Truth, run: Run) -> NDArray[np.float64]:
    """nDCG@10 of queries with one relevant document: 1 / log2(1 + rank), (n_queries,)."""
    hit = run.documents == truth.relevant[:, None]
    gain = np.where(hit, 1 / np.log2(np.arange(2, run.documents.shape[1] + 2)), 0.0)
    total: NDArray[np.float64] = gain.sum(axis=1)
    return total
