"""The vocabulary: counts agree with the index, with a plain count, and with what is kept on disk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.latents.latent_table import (
    automatic_vocabulary,
    compute_vocabulary,
    document_frequency_of,
    latent_length,
    rank_frequency,
    rank_frequency_is_kept,
    write_rank_frequency,
    write_vocabulary,
)
from retrieval.study import Study


@pytest.fixture(scope="module")
def table(tiny_study: Study) -> pd.DataFrame:
    return compute_vocabulary(tiny_study)


def test_counts_agree_with_the_index(tiny_study: Study, table: pd.DataFrame) -> None:
    assert table["latent"].tolist() == list(range(tiny_study.n_latents))
    np.testing.assert_array_equal(table["document_frequency"], tiny_study.index.document_frequency)
    active = np.asarray(tiny_study.tokens.activations) > 0
    latents = np.asarray(tiny_study.tokens.indices)[active].astype(int)
    np.testing.assert_array_equal(table["token_count"], np.bincount(latents, minlength=tiny_study.n_latents))
    summed = np.bincount(
        latents, weights=tiny_study.tokens.activations[active], minlength=tiny_study.n_latents
    )
    np.testing.assert_allclose(table["collection_frequency"], summed, rtol=1e-6)


def test_shares_of_length_are_parts_of_the_whole(tiny_study: Study, table: pd.DataFrame) -> None:
    assert table["share_of_length"].sum() == pytest.approx(1.0)
    lengths = tiny_study.index.document_length("sqrt")
    assert latent_length(tiny_study).sum() == pytest.approx(lengths.sum())


def test_the_top_wordpiece_has_the_most_activation(tiny_study: Study, table: pd.DataFrame) -> None:
    tokens = tiny_study.tokens
    for latent in np.flatnonzero(tiny_study.index.document_frequency)[::97]:
        token, value = tiny_study.contexts.latent(int(latent))
        summed = np.bincount(tokens.token_ids[token], weights=value)
        row = table.iloc[int(latent)]
        assert row["top_wordpiece_share"] == pytest.approx(summed.max() / summed.sum())
        assert row["label"] != ""


def test_the_kept_table_is_the_computed_one(tiny_study: Study, table: pd.DataFrame, tmp_path: Path) -> None:
    shutil.copytree(
        tiny_study.path, tmp_path, ignore=shutil.ignore_patterns("vocabulary.parquet"), dirs_exist_ok=True
    )
    study = replace(tiny_study, path=tmp_path)
    write_vocabulary(study)
    assert (tmp_path / "vocabulary.parquet").is_file()
    pd.testing.assert_frame_equal(automatic_vocabulary(study), table, check_dtype=False)


def test_document_frequency_counts_a_document_once() -> None:
    ids = np.array([5, 5, 2, 5, 2, 2], np.int32)
    assert document_frequency_of(ids, np.array([0, 3, 4, 6]), 7).tolist() == [0, 0, 2, 0, 0, 2, 0]


def test_ranks_fall_and_words_stand_beside_latents(tiny_study: Study) -> None:
    ranks = rank_frequency(tiny_study)
    assert list(dict.fromkeys(ranks["system"])) == ["latents", "words", "wordpieces"]
    for _, part in ranks.groupby("system"):
        assert part["document_frequency"].is_monotonic_decreasing
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        assert part["document_frequency"].between(1, len(tiny_study.corpus)).all()
    latents = ranks[ranks["system"] == "latents"].set_index("latent")
    np.testing.assert_array_equal(
        latents["document_frequency"], tiny_study.index.document_frequency[latents.index]
    )


def test_kept_ranks_are_the_computed_ones(tiny_study: Study, tmp_path: Path) -> None:
    study = replace(tiny_study, path=tmp_path)
    vars(study).update({name: getattr(tiny_study, name) for name in ("index", "tokens", "_vocabularies")})
    vars(study).update({name: getattr(tiny_study, name) for name in ("wordpieces", "contexts", "corpus")})
    computed = rank_frequency(tiny_study)
    write_rank_frequency(study)
    assert rank_frequency_is_kept(study)
    pd.testing.assert_frame_equal(rank_frequency(study), computed)
    other = replace(study, manifest={**study.manifest, "fingerprint": "another"})
    assert not rank_frequency_is_kept(other)
