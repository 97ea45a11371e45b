"""A study as a `SparseEncoder` of sentence-transformers: the latent terms of texts, with labels for dimensions.

    model = sparse_encoder(study)
    queries, documents = model.encode_query(["..."]), model.encode_document(["..."])
    model.similarity(queries, documents)        # BM25, as the study scores
    model.decode(documents, top_k=5)            # [("datetime #4012", 1.2), ...]

A document has BM25's impacts under the study's mean length, a query its weights times idf, so that their inner
product is the score. What is encoded without a role is a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from analyses.latents.latent_table import latent_labels
from analyses.text.latent_names import latent_name
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.export.impacts import Impacts, impacts_of

try:
    from sentence_transformers import SparseEncoder
    from sentence_transformers.base.modules.input_module import InputModule
except ImportError as error:
    raise UserError(
        "a SparseEncoder needs sentence-transformers, which is not installed here: "
        "`pip install sentence-transformers`"
    ) from error


class LatentNames:
    """What `SparseEncoder.decode` and `.intersection` ask of a tokenizer: the name of each dimension."""

    model_max_length = None

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        """The label and number of each latent."""
        return [self.names[latent] for latent in ids]


class LatentTerms(InputModule):  # type: ignore[misc]  # sentence-transformers has no types for it
    """Encoder, SAE and BM25 of a study as the one module of a `SparseEncoder`."""

    def __init__(self, study: Study, parameters: Bm25Parameters) -> None:
        super().__init__()
        self.study = study
        self.impacts: Impacts = impacts_of(study, parameters)
        labels = latent_labels(study)
        self.tokenizer = LatentNames([latent_name(latent, label) for latent, label in enumerate(labels)])

    def preprocess(
        self, inputs: Sequence[str], prompt: str | None = None, task: str | None = None, **_: Any
    ) -> dict[str, Any]:
        """The texts as they are: the study's encoder adds its own prefixes, and has its own tokenizer."""
        if prompt:
            raise UserError(
                f"the prompt {prompt!r} cannot be added: a study's encoder has the prefixes that it was indexed "
                "with"
            )
        return {"texts": list(inputs), "role": "query" if task == "query" else "document"}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Adds `sentence_embedding`, float32 (n_texts, n_latents)."""
        weights = self.impacts.of_texts(self.study, features["texts"], features["role"])
        return features | {"sentence_embedding": torch.from_numpy(weights.toarray().astype(np.float32))}

    def get_embedding_dimension(self) -> int:
        """The number of latents."""
        return self.study.n_latents

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """A study is kept in its own folder, not in a model's."""
        raise UserError(
            f"the latent terms of {self.study.name} are kept as the study {self.study.path}: copy that folder, and "
            "call sparse_encoder(Study.open(...)) there"
        )


def sparse_encoder(study: Study, parameters: Bm25Parameters | None = None) -> SparseEncoder:
    """The study as a `SparseEncoder`, whose `similarity` is BM25 under these parameters; None: the paper's."""
    module = LatentTerms(study, parameters or Bm25Parameters())
    return SparseEncoder(modules=[module], similarity_fn_name="dot", device=str(study.sae.device))
