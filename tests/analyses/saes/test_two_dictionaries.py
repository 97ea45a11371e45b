"""Two dictionaries of one word: pairs are each other's nearest, and every latent of either side has one row."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.dictionary.lookup import word_entry
from analyses.saes.two_dictionaries import two_dictionaries
from own_study import rewrite
from retrieval.study import Study
from sae.checkpoint import save_autoencoder

WORD = "array"


@pytest.fixture(scope="module")
def permuted(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The study with the decoder directions of its SAE in the reverse order, so as another SAE of its encoder."""
    folder = tmp_path_factory.mktemp("two") / "reversed"
    shutil.copytree(tiny_study.path, folder)
    sae = tiny_study.sae
    sae = replace(sae, W_dec=torch.flip(sae.W_dec, (0,)))
    save_autoencoder(sae, folder / "sae")
    rewrite(folder, sae={"fingerprint": "reversed"})
    return Study.open(folder)


def test_one_sae_is_paired_by_number(tiny_study: Study) -> None:
    table = two_dictionaries(tiny_study, WORD, tiny_study, WORD)
    assert (table["latent"] == table["latent_other"]).all()
    assert table["share"].equals(table["share_other"].rename("share"))
    assert set(table["latent"]) == set(word_entry(tiny_study, WORD).latents["latent"])


def test_two_words_have_a_row_for_each_latent_of_either(tiny_study: Study) -> None:
    table = two_dictionaries(tiny_study, WORD, tiny_study, "return")
    for word, side in ((WORD, "latent"), ("return", "latent_other")):
        found = table[side].dropna().tolist()
        assert sorted(found) == sorted(word_entry(tiny_study, word).latents["latent"])


def test_two_saes_are_paired_by_their_nearest_directions(tiny_study: Study, permuted: Study) -> None:
    table = two_dictionaries(tiny_study, WORD, permuted, WORD)
    pairs = table.dropna(subset=["latent", "latent_other"])
    assert len(table) < 2 * len(word_entry(tiny_study, WORD).latents) or pairs.empty
    directions, others = tiny_study.decoder, permuted.decoder
    for row in pairs.itertuples():
        a, b = directions[row.latent], others[row.latent_other]
        assert row.cosine == pytest.approx(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), abs=1e-5)
        assert row.cosine >= 0.7
