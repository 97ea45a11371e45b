"""Figures that others published, to stand beside ours where collection and system are the same, and nowhere else.

nDCG@10 from Clavié, Lee, Shakir and Kato, "Latent Terms", arXiv 2605.29384, May 2026.
"""

from __future__ import annotations

from retrieval.systems import COSINE, LATENT, LEARNED_SPARSE, LEXICAL, MAXSIM

SOURCE = "Clavié et al., arXiv 2605.29384"
COLLECTIONS = [
    "scifact",
    "nfcorpus",
    "fiqa",
    "trec-covid",
    "dbpedia",
    "nq",
    "hotpotqa",
    "fever",
    "arguana",
    "scidocs",
]
# (system, encoder): nDCG@10 in the order of COLLECTIONS, as reported; "" is a system without an encoder of ours
NDCG = {
    (LEXICAL.name, ""): (0.686, 0.319, 0.249, 0.680, 0.300, 0.285, 0.569, 0.481),
    (LEARNED_SPARSE.name, "naver/splade-v3"): (0.710, 0.357, 0.374, 0.748, 0.450, 0.586, 0.692, 0.796),
    (COSINE.name, "facebook/contriever"): (0.655, 0.313, 0.274, 0.448, 0.377, 0.419, 0.542, 0.581),
    (LATENT.name, "facebook/contriever"): (
        0.713,
        0.340,
        0.317,
        0.709,
        0.409,
        0.468,
        0.627,
        0.751,
        0.436,
        0.165,
    ),
    (COSINE.name, "nomic-ai/nomic-embed-text-v1.5"): (0.703, 0.346, 0.377, 0.822, 0.431, 0.598, 0.672, 0.813),
    (LATENT.name, "nomic-ai/nomic-embed-text-v1.5"): (0.749, 0.372, 0.382, 0.783, 0.436, 0.577, 0.732, 0.885),
    (MAXSIM.name, "lightonai/GTE-ModernColBERT-v1"): (0.756, 0.381, 0.456, 0.849, 0.475, 0.617, 0.773, 0.875),
    (LATENT.name, "lightonai/GTE-ModernColBERT-v1"): (0.730, 0.374, 0.399, 0.759, 0.387, 0.509, 0.653, 0.814),
}


def published_ndcg(system: str, model: str, source: str) -> float | None:
    """nDCG@10 as published for a system on a collection; None where there is none.

    model: its encoder's Hugging Face id. source: as `data.collections` names it; "hf:BeIR/scifact",
    "ir_datasets:beir/scifact/test" and a folder "scifact" are one collection.
    """
    parts = source.lower().replace(":", "/").replace("dbpedia-entity", "dbpedia").split("/")
    found = [place for place, name in enumerate(COLLECTIONS) if name in parts]
    figures = NDCG.get((system, model if system != LEXICAL.name else ""), ())
    return figures[found[0]] if found and found[0] < len(figures) else None
