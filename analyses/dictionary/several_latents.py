"""Several latents beside each other: in how many documents two of them are together, and how near they point.

share_ij = |{d : w_i(d) > 0, w_j(d) > 0}| / |{d : w_i(d) > 0}|        of i's documents, those with j too
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analyses.latents.neighbours import decoder_directions
from retrieval.study import Study


def together(study: Study, latents: Sequence[int]) -> pd.DataFrame:
    """Every ordered pair: latent, other, documents (of the latent), both, share (NaN without documents), cosine."""
    chosen = list(dict.fromkeys(latents))
    present = np.zeros((len(chosen), len(study.corpus)), np.float32)
    for row, latent in enumerate(chosen):
        present[row, study.index.postings(latent)[0]] = 1
    both = present @ present.T
    frequency = np.diag(both)
    directions = decoder_directions(study)[chosen]
    cosine = directions @ directions.T
    first, second = (grid.ravel() for grid in np.indices(both.shape))
    documents = frequency[first]
    with np.errstate(invalid="ignore"):
        share = np.where(documents > 0, both.ravel() / np.maximum(documents, 1), np.nan)
    numbers = np.array(chosen, np.int64)
    return pd.DataFrame(
        {
            "latent": numbers[first],
            "other": numbers[second],
            "documents": documents.astype(np.int64),
            "both": both.ravel().astype(np.int64),
            "share": share,
            "cosine": cosine.ravel().astype(np.float64),
        }
    )
