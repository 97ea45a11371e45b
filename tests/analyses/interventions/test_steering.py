"""Steering: nothing put in changes nothing, and what is put in arrives, here and at the end of the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analyses.interventions.steering import Steer, steer
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from retrieval.study import Study

TEXT = "Return the sum of the rows of an array"


def test_an_unchanged_state_is_what_encode_gives(encoder: Encoder) -> None:
    for layer in (None, 3, "blocks.2.hook_out"):
        reader = encoder.at_layer(layer)
        same = reader.encode_changed(TEXT, lambda states: states)
        plain = reader.encode([TEXT])
        np.testing.assert_allclose(same.states.values, plain.states.values, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(same.pooled, plain.pooled, atol=1e-5)
        np.testing.assert_array_equal(same.token_ids, plain.token_ids)
        np.testing.assert_array_equal(same.spans, plain.spans)


def test_the_rest_of_the_model_goes_on_with_the_change(encoder: Encoder) -> None:
    """A change at block 3 reaches the end as Hugging Face's own blocks carry it."""
    early = encoder.at_layer(4)
    shift = torch.linspace(-0.5, 0.5, early.d_model)
    changed = early.encode_changed(TEXT, lambda states: states + shift)
    plain = early.encode([TEXT])
    np.testing.assert_allclose(
        changed.states.values, plain.states.values + shift.numpy(), rtol=5e-3, atol=5e-3
    )
    fresh = Encoder.load(EncoderConfig(max_length=64, device="cpu"))
    model = fresh._loaded.model
    hook = model.encoder.layer[3].register_forward_hook(
        lambda module, inputs, output: (
            (output[0] + shift, *output[1:]) if isinstance(output, tuple) else output + shift
        )
    )
    expected = fresh.encode([TEXT]).pooled
    hook.remove()
    np.testing.assert_allclose(changed.pooled, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["query", "document"])
def test_no_strength_moves_nothing_and_strength_arrives(tiny_study: Study, kind: str) -> None:
    doc_id = tiny_study.corpus.ids[5]
    query = tiny_study.encode(TEXT)
    given = {"query": query, "doc_id": doc_id} if kind == "document" else {}
    text = tiny_study.corpus.texts[5] if kind == "document" else TEXT
    latent = int(query.counts.indices[0])
    still = steer(tiny_study, text, kind, Steer(latent, 0.0), n_controls=2, **given)  # type: ignore[arg-type]
    assert still.shift == pytest.approx(1, abs=1e-6)
    assert still.overlaps == (1, 1)
    assert (still.latents["change"] == 0).all()
    moved = steer(tiny_study, text, kind, Steer(latent, 30.0, (1, 2)), n_controls=2, **given)  # type: ignore[arg-type]
    tokens = moved.tokens
    assert tokens["steered"].tolist() == [i in (1, 2) for i in range(len(tokens))]
    assert (tokens["after"][1:3] > tokens["before"][1:3]).all()
    assert moved.latents["latent"].iloc[0] == latent
    assert moved.latents["change"].iloc[0] > 0
    assert moved.shift < 1
    assert len(moved.controls) == 2


def test_ablating_takes_out_what_the_sae_put_there(tiny_study: Study) -> None:
    plain = tiny_study.encode(TEXT)
    latent = int(plain.indices[3][0])
    gone = steer(tiny_study, TEXT, "query", Steer(latent), n_controls=0)
    assert (gone.tokens["after"] <= gone.tokens["before"] + 1e-3).all()
    before, after = gone.tokens["before"][3], gone.tokens["after"][3]
    assert after < before
    absent = int(np.setdiff1d(np.arange(tiny_study.n_latents), plain.counts.indices)[0])
    none = steer(tiny_study, TEXT, "query", Steer(absent), n_controls=0)
    assert (none.latents["change"] == 0).all()


def test_a_document_scores_what_its_plain_text_scores(tiny_study: Study) -> None:
    doc_id = tiny_study.corpus.ids[7]
    query = tiny_study.encode(TEXT)
    still = steer(
        tiny_study, tiny_study.corpus.texts[7], "document", Steer(3, 0.0), query, doc_id, n_controls=0
    )
    expected = tiny_study.search(query, 200).set_index("doc_id")["score"]
    shown = still.latent_ranking.set_index("doc_id")["score_before"]
    np.testing.assert_allclose(shown, expected.reindex(shown.index), rtol=2e-3)


def test_what_cannot_be_steered_is_told(tiny_study: Study) -> None:
    with pytest.raises(UserError, match="outside this SAE"):
        steer(tiny_study, TEXT, "query", Steer(99_999))
    with pytest.raises(UserError, match="outside this text"):
        steer(tiny_study, TEXT, "query", Steer(1, 1.0, (77,)))
    with pytest.raises(UserError, match="name it and the query"):
        steer(tiny_study, TEXT, "document", Steer(1, 1.0))
