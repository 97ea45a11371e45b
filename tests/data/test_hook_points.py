"""States at hook points equal Hugging Face's own, one or several at once, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    DistilBertConfig,
    DistilBertModel,
    RobertaConfig,
    RobertaModel,
)

from data.encoder_config import Layer
from data.encoders import Encoder, EncoderConfig, resolve_model
from data.errors import UserError
from data.hook_points import HookedModel, hook_points

TEXTS = [
    "Compute the convolution of two arrays.",
    "A",
    "",
    "a much longer text, whose padding must not reach the short ones " * 4,
]
SIZE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
ROUNDING = {"rtol": 2e-3, "atol": 2e-3}


@pytest.fixture(scope="module")
def hooked() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=64, layer="blocks.2.hook_out", device="cpu"))


def saved(model: torch.nn.Module, folder: Path) -> str:
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(resolve_model("minilm")).save_pretrained(folder)
    return str(folder)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "layer"), [("embed_ln.hook_out", 0)] + [(f"blocks.{i}.hook_out", i + 1) for i in range(6)]
)
def test_a_blocks_output_is_the_hidden_state_in_float32(name: str, layer: int) -> None:
    path = resolve_model("minilm")
    plain, model = AutoModel.from_pretrained(path).eval(), AutoModel.from_pretrained(path).eval()
    tokens = AutoTokenizer.from_pretrained(path)(
        TEXTS, padding=True, truncation=True, max_length=64, return_tensors="pt"
    )
    inputs = {key: tokens[key] for key in ("input_ids", "attention_mask")}
    hooked_model = HookedModel(model, "minilm")
    with torch.inference_mode():
        expected = plain(**inputs, output_hidden_states=True)
        output, states = hooked_model.run([name], **inputs)
    assert list(states) == [name]
    torch.testing.assert_close(states[name], expected.hidden_states[layer], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(output.last_hidden_state, expected.last_hidden_state, rtol=1e-6, atol=1e-6)


def test_layers_in_one_pass_are_what_each_gives_alone(encoder: Encoder, hooked: Encoder) -> None:
    layers: list[Layer] = [None, 0, 3, "6", "blocks.2.hook_out", "blocks.0.mlp.in.hook_out"]
    together = hooked.encode_layers(TEXTS, layers)
    for layer in layers[:4]:
        alone = encoder.at_layer(layer).encode(TEXTS)
        assert same(together[layer].states.values, alone.states.values)
        assert same(together[layer].pooled, alone.pooled)
    assert same(together["blocks.2.hook_out"].states.values, together[3].states.values)
    assert together["blocks.0.mlp.in.hook_out"].states.values.shape == (together[None].n_tokens, 1536)


def test_hidden_layers_in_one_pass_need_no_hook_points(encoder: Encoder) -> None:
    together = encoder.encode_layers(TEXTS, [2, None])
    assert same(together[2].states.values, encoder.at_layer(2).encode(TEXTS).states.values)
    assert same(together[None].states.values, encoder.encode(TEXTS).states.values)


@pytest.mark.parametrize(
    "name", ["embed.hook_out", "pos_embed.hook_out", "blocks.1.attn.q.hook_out", "blocks.4.hook_in"]
)
def test_padding_and_batches_do_not_leak(hooked: Encoder, name: str) -> None:
    at = hooked.at_layer(name)
    together = at.encode(TEXTS)
    assert together.states.values.shape == (together.n_tokens, at.d_model)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(together.states[row], at.encode([text]).states[0], **ROUNDING)


def test_a_batch_to_each_thread_gives_what_one_thread_gives(hooked: Encoder) -> None:
    texts = [f"{text} {i}" for i, text in enumerate(TEXTS * 20)]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = hooked.encode(texts)
        torch.set_num_threads(3)
        several = hooked.encode(texts)
    finally:
        torch.set_num_threads(threads)
    assert same(one.states.values, several.states.values)


def test_heads_stand_side_by_side(hooked: Encoder) -> None:
    """q = W_q h + b_q of the block's input h, with the heads side by side."""
    observed = hooked.encode_layers(TEXTS[:1], ["blocks.1.attn.q.hook_out", 1])
    query = AutoModel.from_pretrained(resolve_model("minilm")).encoder.layer[1].attention.self.query
    with torch.inference_mode():
        expected = query(torch.from_numpy(observed[1].states.values.astype(np.float32))).numpy()
    np.testing.assert_allclose(
        observed["blocks.1.attn.q.hook_out"].states.values, expected, rtol=1e-2, atol=1e-2
    )


def test_an_alias_is_the_hook_point_itself(hooked: Encoder) -> None:
    alias = hooked.at_layer("blocks.2.hook_resid_post")
    assert alias.config == hooked.config
    assert EncoderConfig(layer="4") == EncoderConfig(layer=4)


def test_every_listed_hook_point_gives_finite_states_of_its_width(tmp_path: Path) -> None:
    name = saved(AutoModel.from_config(BertConfig(**SIZE)), tmp_path)
    listed = hook_points(name)
    assert [point for point, _ in listed] == list(dict(listed))
    widths = dict(listed)
    assert (
        widths["blocks.0.hook_out"],
        widths["blocks.1.mlp.in.hook_out"],
        widths["blocks.1.attn.q.hook_out"],
    ) == (16, 32, 16)
    observed = Encoder.load(EncoderConfig(name)).encode_layers(TEXTS, list(widths))
    for point, width in listed:
        assert observed[point].states.values.shape == (observed[point].n_tokens, width)
    refused = {
        "embed.hook_in",
        "blocks.0.attn.hook_pattern",
        "blocks.0.ln1.hook_scale",
        "blocks.0.mlp.hook_out",
    }
    assert not refused & set(widths)


def test_a_roberta_and_a_masked_language_models_folder_are_carried(tmp_path: Path) -> None:
    roberta = RobertaModel(RobertaConfig(**SIZE, vocab_size=30522, pad_token_id=0))
    for folder, model in (("roberta", roberta), ("masked", BertForMaskedLM(BertConfig(**SIZE)))):
        name = saved(model, tmp_path / folder)
        plain = Encoder.load(EncoderConfig(name, layer=1)).encode(TEXTS)
        at_hook = Encoder.load(EncoderConfig(name, layer="blocks.0.hook_out")).encode(TEXTS)
        assert same(plain.states.values, at_hook.states.values)
        assert same(plain.pooled, at_hook.pooled)


def test_what_the_bridge_cannot_carry_is_told_and_its_layers_work(tmp_path: Path) -> None:
    config = DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=32)
    name = saved(DistilBertModel(config), tmp_path)
    with pytest.raises(
        UserError, match=r"is a DistilBertModel, which hook points do not .* give a hidden layer's number"
    ):
        Encoder.load(EncoderConfig(name, layer="blocks.0.hook_out"))
    assert Encoder.load(EncoderConfig(name, layer=1)).encode(TEXTS).states.values.shape[1] == 16


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("blocks.9.hook_out", r"does not exist in 'minilm': .* such as blocks\.\d\.hook_out"),
        ("blocks.3.mlp.hook_out", r"has no state per token .* blocks\.3\.mlp\.out\.hook_out"),
        ("blocks.0.attn.hook_pattern", r"has no state per token .* such as blocks\.0\.attn"),
        ("nonsense", r"does not exist .* such as embed\.hook_out"),
    ],
)
def test_names_that_do_not_fit_are_told_with_close_ones(hooked: Encoder, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        hooked.at_layer(name)


def test_a_model_with_hook_points_still_refuses_layers_it_lacks(hooked: Encoder) -> None:
    with pytest.raises(UserError, match="layer 7 does not exist"):
        hooked.at_layer(7)


def test_fingerprint_is_of_the_weights_not_of_the_layer(encoder: Encoder, hooked: Encoder) -> None:
    assert encoder.fingerprint == hooked.fingerprint
    assert hooked.describe() == {
        **encoder.describe(),
        "config": {**encoder.describe()["config"], "layer": "blocks.2.hook_out"},
    }
