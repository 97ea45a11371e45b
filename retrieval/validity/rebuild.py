"""What of a study's core follows from the rest, and is made again from it.

contexts                  from tokens
vocabularies/latents      from tokens (postings), and from the queries by the encoder and the SAE
other vocabularies        from the texts
wordpieces.json           from the encoder
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from retrieval.blocks import encode_queries
from retrieval.contexts import FOLDER as CONTEXTS
from retrieval.contexts import write_contexts
from retrieval.index import write_index
from retrieval.lexical import ENGLISH
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, text_vocabularies
from retrieval.vocabularies.text_vocabulary import write_text_vocabulary
from retrieval.vocabularies.vocabulary import FOLDER as VOCABULARIES
from retrieval.vocabularies.vocabulary import INDEX, QUERIES

DOCUMENTS_AT_ONCE = 1024


def rebuilding(study: Study, name: str) -> tuple[str, Callable[[], object]] | None:
    """(from what, how) a core file of a study is made again; None if it does not follow from the rest."""
    first, *rest = name.split("/")
    latents = LATENTS.folder(study.path)
    if first == CONTEXTS:
        return "the tokens", lambda: write_contexts(study.path, study.n_latents)
    if first == VOCABULARIES and rest[0] == LATENTS.name and rest[1] == INDEX:
        return "the tokens", lambda: write_index(latents / INDEX, _counts(study), study.n_latents)
    if name in (f"{VOCABULARIES}/{LATENTS.name}/{QUERIES}", "query_vectors.npy"):
        return "the queries, by the encoder and the SAE", lambda: encode_queries(
            study.path, study.queries, study.encoder, study.sae, study.pooling, None
        )
    for kind in text_vocabularies():
        if first == VOCABULARIES and rest[0] == kind.name:
            language = study.manifest.get("language", ENGLISH)
            texts = study.corpus.texts, study.queries.texts
            return "the texts", lambda: write_text_vocabulary(study.path, kind, *texts, language)  # noqa: B023 returned at once
    return None


def unsound_sources(name: str, unsound: Sequence[str]) -> list[str]:
    """Those of the unsound files from which a file would be made again."""
    of_tokens = ("documents.arrow", "tokens/", "sae/", "wordpieces.json")
    sources = of_tokens if name.startswith((CONTEXTS, f"{VOCABULARIES}/{LATENTS.name}")) else of_tokens[:1]
    asked = ("queries.json", "sae/") if name.endswith((QUERIES, "query_vectors.npy")) else ()
    return [other for other in unsound if other.startswith((*sources, *asked)) and other != name]


def _counts(study: Study) -> Iterator[csr_array]:
    """Counts of the documents, as they were pooled when the study was built."""
    from sae.latents import TokenLatents, pool

    tokens = study.tokens
    for first in range(0, len(study.corpus), DOCUMENTS_AT_ONCE):
        offsets = np.asarray(tokens.offsets[first : first + DOCUMENTS_AT_ONCE + 1])
        rows = slice(int(offsets[0]), int(offsets[-1]))
        latents = TokenLatents(tokens.activations[rows], tokens.indices[rows], offsets - offsets[0])
        yield pool(latents, study.n_latents, study.pooling)
