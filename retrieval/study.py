"""`Study`: an opened study folder (retrieval/study_folder.py) that encodes texts and ranks documents."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from data.files import read_json_object
from data.notebook_html import panel
from retrieval.bm25 import Bm25Parameters
from retrieval.migration import FORMAT, OLD_FORMAT, migrate
from retrieval.queries import EncodedText, QuerySet, encoded_query
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems import LATENT, rank
from retrieval.validity import verify

if TYPE_CHECKING:
    from data.corpus import Corpus
    from data.encoders import Encoder
    from sae.model import SparseAutoencoder


class Study(StudyFolder):
    """An opened study; torch is imported only when a text is encoded."""

    @classmethod
    def open(cls, path: str | Path) -> Study:
        """Open a study folder, migrated if it has an older format; another or damaged one is a `UserError`."""
        path = Path(path)
        if not (path / "study.json").is_file():
            raise UserError(f"{path} is not a study (it has no study.json): make one with `workbench index`")
        manifest = read_json_object(path / "study.json")
        if type(manifest.get("format")) is not int:
            raise UserError(f"{path / 'study.json'} does not say its format: index the collection again")
        if manifest["format"] == OLD_FORMAT:
            manifest = migrate(path, manifest)
        if manifest["format"] != FORMAT:
            raise UserError(
                f"{path} is of study format {manifest['format']}, this version reads {FORMAT}: update the "
                "workbench, or index the collection again with `workbench index`"
            )
        verify(path, manifest)
        return cls(path, manifest)

    @cached_property
    def encoder(self) -> Encoder:
        """The study's encoder; one with other weights than when the study was built raises a `UserError`."""
        from data.encoder_match import difference
        from data.encoders import Encoder, EncoderConfig
        from data.reading import with_found_model

        recorded = self.manifest["encoder"]
        config = with_found_model(EncoderConfig(**recorded["config"]), f"study {self.name}", self.path)
        encoder = Encoder.load(config)
        if encoder.fingerprint != recorded["fingerprint"] and (
            differs := difference(recorded, encoder.describe())
        ):
            raise UserError(
                f"study {self.name} was made {differs}; or restore that encoder, or index the collection again"
            )
        if "states" in recorded:
            from data.changed_encoder import ChangedEncoder

            return ChangedEncoder.recorded(encoder, recorded["states"], self.path)
        return encoder

    @cached_property
    def sae(self) -> SparseAutoencoder:
        """The study's SAE; one with other weights than when the study was built raises a `UserError`."""
        from sae.checkpoint import load_autoencoder

        sae = load_autoencoder(self.path / "sae")
        if sae.fingerprint != (built_with := self.manifest["sae"]["fingerprint"]):
            raise UserError(
                f"study {self.name} was made with an SAE of weights {built_with}, and its folder sae/ holds "
                f"{sae.fingerprint}: put that SAE back, or index the collection again"
            )
        return sae

    def encode(self, text: str, kind: Literal["query", "document"] = "query") -> EncodedText:
        """Encode one text: encoder -> SAE -> pooling."""
        from sae.latents import pool, token_latents

        states = self.encoder.encode([text], kind)
        latents = token_latents(self.sae, states.states)
        return EncodedText(
            text,
            states.token_ids,
            states.spans,
            latents.indices,
            latents.activations,
            pool(latents, self.n_latents, self.pooling),
            states.pooled,
        )

    def run(
        self,
        query: str | EncodedText,
        system: str = LATENT.name,
        depth: int = 10,
        parameters: Bm25Parameters | None = None,
    ) -> Run:
        """Rank the corpus for one query by one system of `retrieval.systems`; ties in document order.

        parameters: BM25 parameters of the latent terms, for systems that use them; None: the paper's. An unknown
        system, or one that cannot rank this query in this study, raises a `UserError`.
        """
        return rank(self, self._query_set(query), system, depth, parameters)

    def search(
        self,
        query: str | EncodedText,
        depth: int = 10,
        system: str = LATENT.name,
        parameters: Bm25Parameters | None = None,
    ) -> pd.DataFrame:
        """Results as a table: rank (from 1), doc_id, score, title; best first."""
        return results_table(self.run(query, system, depth, parameters), self.corpus)

    def _repr_html_(self) -> str:
        counts = {name.removeprefix("n_"): count for name, count in self.manifest["counts"].items()}
        measures = pd.DataFrame.from_dict(dict(self.evaluation), orient="index").reset_index(names="system")
        notes = [f"SAE {self.manifest['sae'].get('name', '')}, at {self.path}"]
        return panel(f"Study {self.name}", counts, measures if len(measures) else None, notes)

    def _query_set(self, query: str | EncodedText) -> QuerySet:
        """The query, encoded only if a system needs that, with its row if it is one of the study's own queries."""
        text = query if isinstance(query, str) else query.text
        row = self._query_rows.get(text)
        if isinstance(query, EncodedText):
            return encoded_query(query, row)

        def encoded() -> tuple[csr_array, NDArray[np.float32]]:
            encoded_text = self.encode(query)
            return encoded_text.counts, encoded_text.vector

        return QuerySet(["query"], [text], encoded, None if row is None else np.array([row]))

    @cached_property
    def _query_rows(self) -> dict[str, int]:
        return {text: row for row, text in reversed(list(enumerate(self.queries.texts)))}


def results_table(run: Run, corpus: Corpus) -> pd.DataFrame:
    """The first query's results as a table: rank (from 1), doc_id, score, title; best first."""
    results = run.documents[0] >= 0
    documents = run.documents[0][results]
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(documents) + 1),
            "doc_id": [corpus.ids[d] for d in documents],
            "score": run.scores[0][results].astype(np.float64),
            "title": [corpus.titles[d] for d in documents],
        }
    )
