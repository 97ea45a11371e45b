"""The shipped set-up of the paper: it is the paper's, and every source is of a kind that there is a reader for."""

from __future__ import annotations

import re
from pathlib import Path

import ir_datasets
import pytest
from transformers import AutoConfig

from analyses.comparison.published_scores import published_ndcg
from workbench.paper.config import PaperConfig, read_config

OWN = {"Contriever": "cosine", "Nomic": "cosine", "GTE-ModernColBERT": "maxsim"}
FURTHER = {"ArguAna", "SciDocs"}  # published for one system alone


@pytest.fixture(scope="module")
def config() -> PaperConfig:
    return read_config(Path("paper"))


def test_the_recipe_is_the_papers(config: PaperConfig) -> None:
    (recipe,) = config.saes
    assert (recipe.n_latents, recipe.k, recipe.batch_size, len(config.seeds)) == (32_768, 16, 4096, 5)
    assert recipe.n_tokens == 3 * recipe.distinct_tokens  # epochs
    nomic = config.encoders[1].config
    assert (nomic.query_prefix, nomic.document_prefix) == ("search_query: ", "search_document: ")


def test_every_source_is_of_a_kind_that_is_read(config: PaperConfig) -> None:
    for named in config.collections:
        kind, _, name = named.source.partition(":")
        assert kind == "ir_datasets"
        dataset = ir_datasets.load(name)  # nothing is downloaded until it is read
        assert dataset.has_docs()
        assert dataset.has_queries()
        assert dataset.has_qrels()
    repository = r"[\w.-]+/[\w.-]+"
    assert all(re.fullmatch(f"hf:{repository}", named.source) for named in config.limit.sources)
    assert re.fullmatch(rf"hf-text:{repository}:\d+", config.saes[0].text)
    models = [one.config.model for one in (*config.encoders, *config.controls.encoders)]
    assert [model for model in models if not re.fullmatch(repository, model)] == ["bert-base-uncased"]
    assert re.fullmatch(repository, config.controls.learned_sparse)


def test_published_figures_stand_beside_every_system(config: PaperConfig) -> None:
    for named in config.collections:
        if named.name not in FURTHER:
            assert published_ndcg("bm25", "", named.source) is not None
            assert published_ndcg("learned_sparse", config.controls.learned_sparse, named.source) is not None
            for encoder in config.encoders:
                for system in (OWN[encoder.name], "latent"):
                    assert published_ndcg(system, encoder.config.model, named.source) is not None


def test_architectures_are_transformers_own() -> None:
    """No code of a repository is run for them."""
    for model_type in ("bert", "nomic_bert", "modernbert"):
        assert AutoConfig.for_model(model_type).model_type == model_type
