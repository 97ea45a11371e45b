"""Laws of the encoder, against Hugging Face and sentence-transformers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from data.encoders import Encoder, EncoderConfig, bfloat16_is_native, resolve_model
from data.errors import UserError

TEXTS = [
    "Compute the convolution of two arrays.",
    "A",
    "",
    "Un café naïve — with punctuation, and a rather longer sentence than the others have to offer.",
    "the same words again and again " * 60,
]
# float16 has 11 significant bits; the states of this encoder are of order one.
ROUNDING = {"rtol": 2e-3, "atol": 2e-3}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=64))


def test_states_and_vectors_are_hugging_faces_own(encoder: Encoder) -> None:
    path = resolve_model("minilm")
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path)
    encoded = encoder.encode(TEXTS)
    for row, text in enumerate(TEXTS):
        tokens = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        with torch.inference_mode():
            state = model(**tokens).last_hidden_state[0].numpy()
        np.testing.assert_allclose(encoded.states[row], state, **ROUNDING)
        mean = state.mean(0)
        np.testing.assert_allclose(encoded.pooled[row], mean / np.linalg.norm(mean), atol=1e-5)


def test_vectors_are_sentence_transformers_own(encoder: Encoder) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    model = sentence_transformers.SentenceTransformer(resolve_model("minilm"), device="cpu")
    model.max_seq_length = 64
    np.testing.assert_allclose(encoder.encode(TEXTS).pooled, model.encode(TEXTS), atol=1e-5)


def test_order_and_batches_change_rounding_only(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    order = [3, 0, 4, 2, 1]
    permuted = encoder.encode([TEXTS[row] for row in order])
    for position, row in enumerate(order):
        alone = encoder.encode([TEXTS[row]])
        np.testing.assert_allclose(together.states[row], permuted.states[position], **ROUNDING)
        np.testing.assert_allclose(together.states[row], alone.states[0], **ROUNDING)
        np.testing.assert_allclose(together.pooled[row], alone.pooled[0], atol=1e-5)


def test_spans_point_at_the_words_of_the_text(encoder: Encoder) -> None:
    text = TEXTS[3]
    encoded = encoder.encode([text])
    vocabulary = encoder.wordpieces()
    words = [text[start:end] for start, end in encoded.spans]
    assert "café" in words
    assert "naïve" in words
    assert [vocabulary[token] for token in encoded.token_ids[[0, -1]]] == ["[CLS]", "[SEP]"]
    assert encoded.spans[[0, -1]].tolist() == [[0, 0], [0, 0]]


def test_prefix_is_encoded_but_has_no_span() -> None:
    plain = Encoder.load(EncoderConfig(max_length=64))
    prefixed = Encoder.load(EncoderConfig(max_length=64, query_prefix="query: "))
    query, document = prefixed.encode(["two arrays"], "query"), prefixed.encode(["two arrays"])
    assert query.n_tokens == document.n_tokens + 2
    np.testing.assert_array_equal(document.states.values, plain.encode(["two arrays"]).states.values)
    spelled = plain.encode(["query: two arrays"])
    np.testing.assert_array_equal(query.states.values, spelled.states.values)
    assert query.spans.tolist() == [[0, 0], [0, 0], [0, 0], [0, 3], [4, 10], [0, 0]]


def test_dropping_special_tokens_drops_just_them(encoder: Encoder) -> None:
    dropped = Encoder.load(EncoderConfig(max_length=64, special_tokens=False))
    kept, without = encoder.encode(TEXTS), dropped.encode(TEXTS)
    for row in range(len(TEXTS)):
        np.testing.assert_array_equal(kept.states[row][1:-1], without.states[row])
    np.testing.assert_array_equal(kept.pooled, without.pooled)
    np.testing.assert_array_equal(without.states.lengths, dropped.count_tokens(TEXTS))


def test_layer_is_hugging_faces_hidden_state() -> None:
    path = resolve_model("minilm")
    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path)
    tokens = tokenizer(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**tokens, output_hidden_states=True).hidden_states
    for layer in (0, 3, 6):
        states = Encoder.load(EncoderConfig(layer=layer)).encode([TEXTS[0]]).states.values
        np.testing.assert_allclose(states, hidden[layer][0].numpy(), **ROUNDING)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EncoderConfig(layer=7), "layer 7 does not exist .* expected 0"),
        (EncoderConfig(max_length=4000), "max_length 4000 is more than"),
        (EncoderConfig(max_length=2), "no room for text"),
        (EncoderConfig(model="/nowhere/at/all"), "could not be loaded"),
        (EncoderConfig(device="abacus"), "device 'abacus' cannot be used"),
        (EncoderConfig(precision="float8"), "expected float32 or bfloat16"),  # type: ignore[arg-type]
    ],
)
def test_bad_configurations_are_told_in_a_sentence(config: EncoderConfig, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Encoder.load(config)


def test_bfloat16_is_close_or_refused() -> None:
    if not bfloat16_is_native(torch.device("cpu")):
        with pytest.raises(UserError, match="use float32"):
            Encoder.load(EncoderConfig(precision="bfloat16", device="cpu"))
        return
    exact = Encoder.load(EncoderConfig(device="cpu")).encode(TEXTS)
    rounded = Encoder.load(EncoderConfig(precision="bfloat16", device="cpu")).encode(TEXTS)
    error = np.linalg.norm(exact.states.values.astype(float) - rounded.states.values.astype(float))
    assert error < 0.03 * np.linalg.norm(exact.states.values.astype(float))


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """A BERT with random weights, saved with the tokenizer of the default encoder."""
    torch.manual_seed(0)
    config = BertConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(tmp_path / "tiny")
    AutoTokenizer.from_pretrained(resolve_model("minilm")).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def _with_pooling(folder: Path, modules: list[str], pooling: dict[str, object]) -> Encoder:
    entries = [
        {"idx": i, "path": f"{i}_{kind}" if i else "", "type": f"sentence_transformers.models.{kind}"}
        for i, kind in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(entries))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return Encoder.load(EncoderConfig(model=str(folder)))


def test_pooling_is_what_the_model_says(tiny_model: Path) -> None:
    assert Encoder.load(EncoderConfig(model=str(tiny_model))).pooling == "mean"
    cls = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "include_prompt": True}
    encoder = _with_pooling(tiny_model, ["Transformer", "Pooling"], cls)
    assert encoder.pooling == "cls"
    encoded = encoder.encode(["some text"])
    first = encoded.states[0][0].astype(np.float32)
    np.testing.assert_allclose(encoded.pooled[0], first / np.linalg.norm(first), atol=2e-3)


def test_fingerprint_tells_weights_apart(encoder: Encoder, tiny_model: Path) -> None:
    same = Encoder.load(EncoderConfig(max_length=32))
    assert same.fingerprint == encoder.fingerprint
    assert Encoder.load(EncoderConfig(model=str(tiny_model))).fingerprint != encoder.fingerprint


def test_no_text_is_told(encoder: Encoder) -> None:
    with pytest.raises(UserError, match="at least one text"):
        encoder.encode([])
