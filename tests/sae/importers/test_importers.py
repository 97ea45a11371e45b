"""The encoder that a user names for an SAE, and unknown SAELens names, which are refused without a download."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data.encoders import Encoder
from data.errors import UserError
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.importers import import_autoencoder, with_encoder


def test_the_encoder_is_added_and_said_to_be_the_users_word(
    encoder: Encoder, make_autoencoder: Any, tmp_path: Path
) -> None:
    sae = make_autoencoder(96, encoder.d_model, 5)
    given = with_encoder(sae, encoder.describe())
    assert given.trained_on == {"encoder": encoder.describe(), "encoder_given_by_user": True}
    save_autoencoder(given, tmp_path / "given")
    assert load_autoencoder(tmp_path / "given").trained_on == given.trained_on


def test_an_encoder_of_another_width_or_against_the_saes_word_is_refused(
    encoder: Encoder, make_autoencoder: Any
) -> None:
    with pytest.raises(UserError, match="reads states of width 24, and minilm gives 384"):
        with_encoder(make_autoencoder(96, 24, 5), encoder.describe())
    known = replace(make_autoencoder(96, 384, 5), trained_on={"encoder": encoder.describe()})
    assert with_encoder(known, encoder.describe()) is known
    with pytest.raises(
        UserError, match=r"says itself that it was trained on minilm .*got minilm with weights another"
    ):
        with_encoder(known, encoder.describe() | {"fingerprint": "another"})


@pytest.mark.slow
def test_names_that_saelens_does_not_know() -> None:
    pytest.importorskip("sae_lens")
    with pytest.raises(
        UserError, match=r"no file or folder here.*no release 'gpt2-small-res' .*gpt2-small-res"
    ):
        import_autoencoder("gpt2-small-res/blocks.8.hook_resid_pre")
    with pytest.raises(UserError, match=r"has no SAE 'blocks\.99\.hook_resid_pre' \(it knows blocks\.9\."):
        import_autoencoder("gpt2-small-res-jb/blocks.99.hook_resid_pre")
