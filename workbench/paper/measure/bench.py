"""The bench: measures cells. What several of them share is made once, and every finished cell is kept.

    token states -> SAE -> counts -> index -> run -> a row a query

Under artifacts()/paper: cells/ (a table each) and runs/ (the rankings that a table quotes), named by fingerprints:
an interrupted plan goes on where it stopped, and papers share what they have in common.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import pandas as pd
from ir_measures import R
from scipy.sparse import csr_array, vstack

from data.encoders import Encoder, EncoderConfig, TokenStates
from data.errors import UserError
from data.files import fingerprint
from data.learned_sparse import LearnedSparse
from data.ragged import Ragged
from retrieval.cosine import cosine_search
from retrieval.dot_product import dot_product_run
from retrieval.evaluate import MEASURES, evaluate
from retrieval.index import Index, write_index
from retrieval.maxsim import maxsim_search
from retrieval.pruning import as_many_postings, least_frequent, most_frequent, without_terms
from retrieval.queries import study_queries
from retrieval.run import Run, write_trec
from retrieval.search import search
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study_folder import StudyFolder
from retrieval.systems import COSINE, LEARNED_SPARSE, MAXSIM, SYSTEMS
from retrieval.systems.fusion import fuse, fusion_method
from retrieval.texts import write_documents, write_judgements
from retrieval.variants import count_blocks, counts_of
from retrieval.vocabularies import text_vocabularies
from retrieval.vocabularies.text_vocabulary import write_text_vocabulary
from retrieval.weighted_index import WeightedIndex
from workbench.paper.config import NamedCollection
from workbench.paper.measure.cells import Cell, Dictionary
from workbench.paper.measure.materials import Materials

DEPTH = 1000
PAPER_MEASURES = {**MEASURES, "R@2": R @ 2, "R@20": R @ 20}
FORMAT = 1
Pooling = Literal["sum", "max"]


class Bench:
    """Keeps the last of what cells share: ask for them in the order of `ordered`, and close it at the end."""

    def __init__(self, materials: Materials) -> None:
        self.materials = materials
        self._texts = lru_cache(maxsize=1)(self._write_texts)
        self._latents = lru_cache(maxsize=1)(self._index_latents)
        self._terms = lru_cache(maxsize=1)(self._index_terms)
        materials.folder.mkdir(parents=True, exist_ok=True)
        self._scratch = TemporaryDirectory(prefix=".scratch-", dir=materials.folder)

    def close(self) -> None:
        for made in (self._texts, self._latents, self._terms):
            made.cache_clear()
        self._scratch.cleanup()

    def measure(self, cell: Cell, tag: str = "") -> pd.DataFrame:
        """Index query_id, a column a measure of PAPER_MEASURES; kept from before, or measured now.

        tag: a name by which the ranking is kept, too, where it is made.
        """
        facts = self.facts(cell)
        path = self._path("cells", facts, "parquet")
        table = read_kept(path, facts)
        if table is None:
            collection = self.materials.collection(cell.collection)
            judged = {
                query: collection.qrels[query]
                for query in collection.queries.ids
                if query in collection.qrels
            }
            if not judged:
                raise UserError(
                    f"collection {cell.collection.name} has no relevance judgements: expected one that has qrels"
                )
            run = self.run(cell)
            if tag:
                write_trec(run, self._path("runs", facts, "trec"), tag)
            table = evaluate(run, judged, PAPER_MEASURES).reset_index()
            write_kept(path, table, facts)
        return table.set_index("query_id")

    def is_measured(self, cell: Cell) -> bool:
        """Whether `measure` only reads."""
        facts = self.facts(cell)
        return read_kept(self._path("cells", facts, "parquet"), facts) is not None

    def trec(self, cell: Cell, tag: str) -> Path:
        """The cell's ranking as a TREC file, kept."""
        path = self._path("runs", self.facts(cell), "trec")
        if not path.is_file():
            write_trec(self.run(cell), path, tag)
        return path

    def facts(self, cell: Cell) -> dict[str, Any]:
        """All that decides a cell's numbers, contents of texts and weights of models included."""
        materials, named = self.materials, cell.collection
        collection = materials.collection(named)
        judged = {query: dict(collection.qrels.get(query, {})) for query in collection.queries.ids}
        facts = {
            "format": FORMAT,
            "cell": cell.record(),
            "corpus": materials.corpus_name(named.source, named.split),
            "queries": fingerprint([list(collection.queries.texts), judged]),
            "encoder": self._reader(cell).fingerprint if cell.encoder else None,
            "dictionary": materials.dictionary_name(cell.dictionary) if cell.dictionary else None,
        }
        as_kept: dict[str, Any] = json.loads(json.dumps(facts))  # tuples are lists there
        return as_kept

    def run(self, cell: Cell) -> Run:
        """Rank the collection's queries by the cell's system."""
        collection = self.materials.collection(cell.collection)
        ids = collection.queries.ids, collection.corpus.ids
        if cell.parts:
            runs = [self.run(part) for part in cell.parts]
            return fuse(runs, fusion_method(cell.system), DEPTH, len(collection.corpus))
        one = SYSTEMS[cell.system]
        if one.reads == "text" and not one.is_kept_run:
            texts = self._texts(cell.collection)
            return one.rank(texts, study_queries(texts), DEPTH)
        assert cell.encoder is not None  # the other systems have one
        if cell.system == LEARNED_SPARSE.name:
            return dot_product_run(*self._terms(cell.collection, cell.encoder), DEPTH, *ids)
        if cell.system == MAXSIM.name:
            return self._maxsim(cell.collection, cell.encoder, ids)
        if cell.system == COSINE.name:
            vectors = np.concatenate(
                [states.pooled for states in self.materials.store(cell.collection, cell.encoder).blocks()]
            )
            queries = self.materials.query_states(cell.collection, cell.encoder).pooled
            return cosine_search(vectors, queries, DEPTH, *ids)
        assert cell.dictionary is not None
        scoring = cell.scoring
        index, counts = self._latents(cell.collection, cell.encoder, cell.dictionary, scoring.pooling)
        if scoring.head or scoring.tail:
            gone = np.union1d(most_frequent(index, scoring.head), least_frequent(index, scoring.tail))
            if scoring.instead is not None:
                gone = as_many_postings(index, gone, scoring.instead)
            index = without_terms(index, gone)
        return search(WeightedIndex.of(index, scoring.bm25), counts, DEPTH, *ids)

    def _maxsim(
        self, named: NamedCollection, config: EncoderConfig, ids: tuple[Sequence[str], Sequence[str]]
    ) -> Run:
        """Of the states that latents are made of, where these are all tokens' final ones, else of its own."""
        materials = self.materials
        reader = materials.encoder(config).for_maxsim()
        store = materials.store(named, reader.config)
        queries = reader.token_vectors(materials.query_states(named, reader.config), "query")
        n_docs, done = len(ids[1]), 0

        def blocks() -> Iterator[Ragged]:
            nonlocal done
            for states in store.blocks():
                yield reader.token_vectors(states)
                done += len(states.states)
                materials.progress(f"MaxSim on {named.name}", done, n_docs, "documents")

        return maxsim_search(blocks(), queries, DEPTH, *ids)

    def _write_texts(self, named: NamedCollection) -> StudyFolder:
        """A study of the texts alone, for the systems that read no more: documents, queries, text vocabularies."""
        collection, folder = self.materials.collection(named), Path(self._scratch.name) / "texts"
        shutil.rmtree(folder, ignore_errors=True)
        write_documents(folder, collection.corpus)
        write_judgements(folder, collection.queries, collection.qrels)
        for kind in text_vocabularies():
            write_text_vocabulary(folder, kind, collection.corpus.texts, collection.queries.texts)
        return StudyFolder(folder, {})

    def _index_terms(self, named: NamedCollection, config: EncoderConfig) -> tuple[Index, csr_array]:
        """A learned-sparse model's postings of a collection, and its queries' weights, (n_queries, n_terms)."""
        collection, model = self.materials.collection(named), self.materials.learned_sparse(config)

        def report(done: int, total: int) -> None:
            self.materials.progress(f"Learned-sparse terms of {named.name}", done, total, "documents")

        folder = Path(self._scratch.name) / "terms"
        index = write_index(folder, model.weigh(collection.corpus.texts, report), model.n_terms)
        return index, csr_array(vstack(list(model.weigh(collection.queries.texts)), format="csr"))

    def _reader(self, cell: Cell) -> Encoder | LearnedSparse:
        """The model that a cell's texts are read by."""
        assert cell.encoder is not None
        load = self.materials.learned_sparse if cell.system == LEARNED_SPARSE.name else self.materials.encoder
        return load(cell.encoder)

    def _index_latents(
        self, named: NamedCollection, encoder: EncoderConfig, dictionary: Dictionary, pooling: Pooling
    ) -> tuple[Index, csr_array]:
        """Postings of a collection under an SAE, and its queries' counts, (n_queries, n_latents)."""
        materials = self.materials
        sae = materials.sae(dictionary).to(materials.encoder(encoder).device)
        n_docs, store = len(materials.collection(named).corpus), materials.store(named, encoder)

        def blocks() -> Iterator[TokenStates]:
            done = 0
            for states in store.blocks():
                yield states
                done += len(states.states)
                materials.progress(f"Latents of {named.name}", done, n_docs, "documents")

        folder = Path(self._scratch.name) / "index"
        index = write_index(folder, count_blocks(sae, blocks(), pooling), sae.n_latents)
        return index, counts_of(sae, materials.query_states(named, encoder).states, pooling)

    def _path(self, kind: str, facts: dict[str, Any], ending: str) -> Path:
        return self.materials.folder / kind / f"{fingerprint(facts)}.{ending}"


def ordered(cells: Sequence[Cell]) -> list[Cell]:
    """Cells without repetition, those that share the most beside each other."""

    def place(cell: Cell) -> tuple[str, ...]:
        record = cell.record()
        parts = ("collection", "encoder", "system", "dictionary", "scoring")
        return tuple(json.dumps(record[part], sort_keys=True) for part in parts)

    return sorted(dict.fromkeys(cells), key=place)
