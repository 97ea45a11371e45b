"""Maps: PCA is PCA, what is kept is what was made, neighbours are counted, and regions follow density and words."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.decomposition import PCA

from analyses.latents.map import kept_map, latent_map, pca_map, write_map
from analyses.latents.map_quality import map_quality, nearest_of_each, nearest_on_map, neighbours_kept
from analyses.latents.neighbours import decoder_directions
from analyses.latents.regions import (
    LatentWords,
    distinctive_words,
    latent_words,
    naming_words,
    region_table,
    regions,
)
from analyses.text.word_table import word_table
from data.files import read_json, write_json
from retrieval.study import Study


def unit_rows(n: int, width: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, width)) * np.linspace(3, 0.5, width)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path) -> Study:
    """A copy to write into."""
    shutil.copytree(tiny_study.path, tmp_path / "tiny")
    return Study.open(tmp_path / "tiny")


def test_pca_is_sklearns_up_to_sign(tiny_study: Study) -> None:
    directions = decoder_directions(tiny_study)
    ours, theirs = pca_map(directions), PCA(2, svd_solver="full").fit_transform(directions)
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), atol=2e-5)
    np.testing.assert_allclose(np.abs((ours * theirs).sum(axis=0)), np.square(theirs).sum(axis=0), rtol=1e-4)


@settings(max_examples=20)
@given(st.integers(3, 60), st.integers(2, 12), st.integers(0, 5))
def test_permuted_latents_give_the_permuted_pca(n: int, width: int, seed: int) -> None:
    rows = unit_rows(n, width, seed)
    order = np.random.default_rng(seed).permutation(n)
    spread = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    assume((-np.diff(spread[:3]) > 1e-2).all())  # nearly equal axes may turn
    np.testing.assert_allclose(pca_map(rows[order]), pca_map(rows)[order], atol=1e-3)


def test_without_a_map_there_is_the_pca(tiny_study: Study) -> None:
    made = latent_map(tiny_study)
    assert made.method == "pca"
    assert made.xy.dtype == np.float32
    assert made.xy.shape == (tiny_study.n_latents, 2)


@pytest.mark.slow
def test_a_map_is_made_kept_and_made_again(study: Study) -> None:
    stages: list[tuple[str, int, int]] = []
    first = write_map(study, seed=3, progress=lambda *stage: stages.append(stage))
    kept = kept_map(Study.open(study.path))
    assert kept is not None
    assert kept.method == "umap"
    assert kept.parameters["seed"] == 3
    np.testing.assert_array_equal(kept.xy, first.xy)
    assert stages[-1][1] == stages[-1][2]
    assert [row["map"] for row in kept.quality] == ["umap", "pca", "shuffled"]
    umap, _, shuffled = kept.quality
    assert umap["kept_10"] > 3 * shuffled["kept_10"]
    np.testing.assert_array_equal(write_map(study, seed=3).xy, first.xy)
    assert not list(study.path.glob(".*.tmp"))
    card = read_json(study.path / "map.json")
    write_json(study.path / "map.json", card | {"sae": "another"})
    assert kept_map(study) is None
    assert latent_map(study).method == "pca"


def test_a_map_without_its_card_is_no_map(study: Study) -> None:
    np.save(study.path / "map.npy", np.zeros((study.n_latents, 2), np.float32))
    assert kept_map(study) is None


def test_nearest_are_those_of_a_plain_sort() -> None:
    rows = unit_rows(300, 16)
    chosen = np.array([0, 7, 299])
    cosines = rows.astype(np.float64) @ rows[chosen].T.astype(np.float64)
    cosines[chosen, np.arange(3)] = -np.inf
    np.testing.assert_array_equal(nearest_of_each(rows, chosen, 10), np.argsort(-cosines, axis=0)[:10].T)


def test_identical_spaces_keep_all_neighbours() -> None:
    circle = unit_rows(200, 2)
    quality = map_quality(circle, {"same": circle}).set_index("map")
    assert quality.loc["same", ["kept_10", "kept_50", "trustworthiness"]].tolist() == pytest.approx([1, 1, 1])
    assert quality.loc["shuffled", "kept_10"] < 0.2
    assert quality.loc["same", "sampled"] == 200


def test_shuffled_latents_keep_what_chance_keeps() -> None:
    rows = unit_rows(1000, 32)
    shuffled = map_quality(rows, {"pca": pca_map(rows)}).set_index("map").loc["shuffled"]
    assert shuffled["kept_10"] == pytest.approx(10 / 999, abs=0.004)
    assert shuffled["kept_50"] == pytest.approx(50 / 999, abs=0.008)
    assert shuffled["trustworthiness"] == pytest.approx(0.5, abs=0.03)


def test_neighbours_on_the_map_leave_out_the_latent_itself() -> None:
    places = np.zeros((5, 2), np.float32)  # all at one place
    shown = nearest_on_map(places, np.arange(5), 10)
    assert (shown[:, 4:] == -1).all()
    assert all(set(row[:4]) == set(range(5)) - {latent} for latent, row in enumerate(shown.tolist()))
    assert neighbours_kept(np.array([[1, 2]]), np.array([[2, -1, -1]])) == 0.5


def test_regions_are_the_dense_places() -> None:
    random = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10]])
    sizes = [400, 200, 100]
    xy = np.concatenate([random.normal(c, 0.3, (n, 2)) for c, n in zip(centres, sizes, strict=True)])
    xy = np.concatenate([xy, [[5.0, 5.0]]]).astype(np.float32)
    region = regions(xy)
    assert region[-1] == -1
    for number, part in enumerate(np.split(region[:-1], np.cumsum(sizes)[:-1])):
        assert np.mean(part == number) > 0.95
    order = random.permutation(len(xy))
    np.testing.assert_array_equal(regions(xy[order]), region[order])


def test_a_region_is_named_by_what_is_more_here_than_elsewhere() -> None:
    shares = np.zeros((40, 4))
    shares[:, 0] = 0.5  # the same everywhere
    shares[:20, 1] = 0.3
    shares[20:, 2] = 0.3
    shares[:20, 3] = 0.4
    words = LatentWords(("the", "cat", "dog", "."), csr_array(shares))
    assert distinctive_words(words, np.arange(20)) == [".", "cat"]
    assert distinctive_words(words, np.arange(20, 40)) == ["dog"]
    assert distinctive_words(words, np.arange(40)) == []
    table = region_table(np.zeros((40, 2), np.float32), np.repeat([0, 1], 20), words)
    assert table["words"].tolist() == ["cat", "dog"]
    assert table["n_latents"].tolist() == [20, 20]


def test_no_stop_word_names_a_region_that_has_another() -> None:
    shares = np.zeros((20, 4))
    shares[:10] = [0.4, 0.3, 0.1, 0.0]
    shares[10:, 3] = 0.8
    words = LatentWords(("[sep]", "the", "cat", "."), csr_array(shares))
    assert naming_words(words, np.arange(10), 2) == ["cat"]
    assert naming_words(words, np.arange(10, 20), 2) == ["."]


def test_words_of_latents_are_shares_of_their_activation(tiny_study: Study) -> None:
    table = word_table(tiny_study)
    words = latent_words(tiny_study, table)
    total = np.asarray(words.shares.sum(axis=1)).ravel()
    fires = np.diff(tiny_study.contexts.ptr) > 0
    assert (total[~fires] == 0).all()
    assert (total <= 1 + 1e-9).all()
    latent = int(np.flatnonzero(fires)[0])
    token, value = tiny_study.contexts.latent(latent)
    row = words.shares[[latent]].tocoo()
    for word, share in zip(row.coords[1].tolist(), row.data.tolist(), strict=True):
        of_word = np.isin(token, table.tokens_of(words.words[word]))
        assert share == pytest.approx(value[of_word].sum() / value.sum(), rel=1e-5)


def test_another_saes_map_is_not_taken(study: Study) -> None:
    xy = np.ones((study.n_latents, 2), np.float32)
    np.save(study.path / "map.npy", xy)
    card = {"method": "umap", "parameters": {}, "seed": 0, "versions": {}, "quality": []}
    own = study.manifest["sae"]["fingerprint"]
    write_json(study.path / "map.json", card | {"sae": own})
    np.testing.assert_array_equal(latent_map(study).xy, xy)
    other = replace(study, manifest={**study.manifest, "sae": {**study.manifest["sae"], "fingerprint": "x"}})
    assert latent_map(other).method == "pca"
