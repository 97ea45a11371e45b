"""Multi-vector encoders: PyLate and sentence-transformers compute the same vectors from the same folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import colbert_folder
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.multi_vector_files import is_multi_vector
from retrieval.maxsim import maxsim_scores

QUERIES = [
    "how do cells repair DNA?",
    "convolution",
    "compute the value of an array, a list and a string, read from a text file in this format: given and returned",
]
DOCUMENTS = [
    "Compute the convolution of two arrays.",
    "A",
    "",
    "Cells repair DNA; the signal returns: a (matrix) of values! " * 6,
]
LENGTH = 40  # the folders' document_length
# Rounding of float16 vectors of unit norm, and of the states before them.
ROUNDING = {"rtol": 0, "atol": 6e-4}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("colbert")
    pylate = colbert_folder.pylate_folder
    prompts = {"query": "search query: ", "document": "the text: "}
    return {
        "pylate": pylate(base / "pylate"),
        "attending, with bias": pylate(base / "bias", bias=True, attend_to_expansion_tokens=True),
        "two projections, not expanded": pylate(base / "two", widths=(64, 24), do_query_expansion=False),
        "with residuals": pylate(base / "residuals", widths=(24, 24), residual=True),
        "with prompts": pylate(base / "prompts", prompts=prompts),
        "all compared": pylate(base / "all", skiplist_words=[]),
        "the original ColBERT": colbert_folder.colbert_folder(base / "colbert"),
    }


LAYOUTS = (
    "pylate",
    "attending, with bias",
    "two projections, not expanded",
    "with residuals",
    "with prompts",
    "all compared",
    "the original ColBERT",
)


def load(folder: Path | str, **changes: Any) -> Encoder:
    return Encoder.load(EncoderConfig(str(folder), max_length=LENGTH, device="cpu", **changes))


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("native", [False, True])
def test_vectors_and_scores_are_sentence_transformers_own(
    folders: dict[str, Path], tmp_path: Path, name: str, native: bool
) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
    folder = folders[name]
    theirs = sentence_transformers.MultiVectorEncoder(str(folder), device="cpu")
    if native:  # the same model in sentence-transformers' own layout
        theirs.save_pretrained(str(tmp_path / "native"))
        folder = tmp_path / "native"
    queries, documents = theirs.encode_query(QUERIES), theirs.encode_document(DOCUMENTS)
    scores = theirs.similarity(queries, documents).numpy()
    for layer in (None, "projected"):
        encoder = load(folder, layer=layer)
        query_vectors = encoder.token_vectors(encoder.encode(QUERIES, "query"), "query")
        read = encoder.token_vectors(encoder.encode(DOCUMENTS))
        for ours, expected in zip((*query_vectors, *read), (*queries, *documents), strict=True):
            assert ours.shape == tuple(expected.shape)
            np.testing.assert_allclose(ours.astype(np.float32), expected.numpy(), **ROUNDING)
        np.testing.assert_allclose(maxsim_scores(read, query_vectors), scores, atol=5e-3)


def test_projected_states_are_the_final_ones_through_the_projection(folders: dict[str, Path]) -> None:
    folder = folders["attending, with bias"]
    final, projected = load(folder), load(folder, layer="projected")
    assert (final.d_model, projected.d_model) == (48, 24)
    weights = load_file(folder / "1_Dense" / "model.safetensors")
    both = final.encode_layers(DOCUMENTS, [None, "projected"])
    states = torch.from_numpy(both[None].states.values).float()
    expected = torch.nn.functional.normalize(
        states @ weights["linear.weight"].T + weights["linear.bias"], dim=-1
    )
    np.testing.assert_allclose(both["projected"].states.values, expected.numpy(), **ROUNDING)
    np.testing.assert_array_equal(both["projected"].states.values, projected.encode(DOCUMENTS).states.values)


def test_prefix_and_expansion_tokens_are_tokens_of_the_query_without_a_span(folders: dict[str, Path]) -> None:
    encoder = load(folders["pylate"])
    states = encoder.encode([QUERIES[1]], "query")
    pieces = [encoder.wordpieces()[token] for token in states.token_ids]
    assert pieces[:3] == ["[CLS]", "[Q] ", "convolution"]
    assert pieces[3:] == ["[SEP]", *["[MASK]"] * 12]
    assert states.spans.tolist() == [[0, 0], [0, 0], [0, 11], *[[0, 0]] * 13]
    words = load(folders["pylate"], special_tokens=False).encode([QUERIES[1]], "query")
    assert [encoder.wordpieces()[token] for token in words.token_ids] == ["convolution", *["[MASK]"] * 12]
    prompted = load(folders["with prompts"], document_prefix="of: ").encode(["A list"])
    shown = [(["A list"][0][a:b]) for a, b in prompted.spans.tolist()]
    assert [text for text in shown if text] == ["A", "list"]


def test_punctuation_of_documents_is_read_and_not_compared(folders: dict[str, Path]) -> None:
    encoder, everything = load(folders["pylate"]), load(folders["all compared"])
    text = ["Cells: repair, DNA."]
    read = encoder.encode(text)
    assert read.n_tokens == everything.encode(text).n_tokens
    np.testing.assert_array_equal(read.states.values, everything.encode(text).states.values)
    assert len(encoder.token_vectors(read)[0]) == read.n_tokens - 3
    assert len(everything.token_vectors(everything.encode(text))[0]) == read.n_tokens
    assert encoder.fingerprint != everything.fingerprint  # other reading rules


def test_the_vector_of_a_text_is_the_mean_of_what_maxsim_compares(folders: dict[str, Path]) -> None:
    encoder = load(folders["pylate"])
    for kind, texts in (("query", QUERIES), ("document", DOCUMENTS)):
        states = encoder.encode(texts, kind)  # type: ignore[arg-type]
        for vectors, pooled in zip(encoder.token_vectors(states, kind), states.pooled, strict=True):  # type: ignore[arg-type]
            mean = vectors.astype(np.float64).mean(axis=0)
            np.testing.assert_allclose(pooled, mean / np.linalg.norm(mean), atol=2e-3)


def test_maxsim_needs_all_tokens_at_the_end(folders: dict[str, Path]) -> None:
    encoder = load(folders["pylate"], layer=1, special_tokens=False).for_maxsim()
    assert (encoder.config.layer, encoder.config.special_tokens) == ("projected", True)
    same = load(folders["pylate"])
    assert same.for_maxsim() is same
    vectors = encoder.token_vectors(encoder.encode(DOCUMENTS))
    np.testing.assert_allclose(vectors.values, same.token_vectors(same.encode(DOCUMENTS)).values, **ROUNDING)


def test_a_description_says_that_the_encoder_is_multi_vector(folders: dict[str, Path]) -> None:
    described = load(folders["pylate"]).describe()
    assert json.loads(json.dumps(described)) == described
    assert described["multi_vector"]["d_vector"] == 24
    assert described["multi_vector"]["query_length"] == 16
    assert described["pooling"] == "projected mean"
    assert "multi_vector" not in Encoder.load(EncoderConfig(device="cpu")).describe()
    assert [is_multi_vector(name) for name in ("minilm", str(folders["pylate"]))] == [False, True]
    assert is_multi_vector(f"random:{folders['pylate']}:3")


def test_a_random_twin_has_its_own_projection_by_the_seed(folders: dict[str, Path]) -> None:
    one, again, other = (load(f"random:{folders['pylate']}:{seed}") for seed in (1, 1, 2))
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert one.describe()["control"]["kind"] == "random weights, never trained"
    states = [each.at_layer("projected").encode(DOCUMENTS).states.values for each in (one, again, other)]
    np.testing.assert_array_equal(states[0], states[1])
    assert np.abs(states[0] - states[2]).max() > 0.1


def changed(folder: Path, name: str, **values: Any) -> None:
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_what_cannot_be_read_exactly_says_why(tmp_path: Path) -> None:
    make = colbert_folder.pylate_folder
    folder = make(tmp_path / "tanh")
    changed(folder, "1_Dense/config.json", activation_function="torch.nn.modules.activation.Tanh")
    with pytest.raises(UserError, match=r"projects through torch\.nn\.modules\.activation\.Tanh"):
        load(folder)
    folder = make(tmp_path / "pickle")
    (folder / "1_Dense" / "model.safetensors").rename(folder / "1_Dense" / "pytorch_model.bin")
    with pytest.raises(
        UserError, match=r"only pytorch_model\.bin for its projection: .*a pickle can run code"
    ):
        load(folder)
    folder = make(tmp_path / "long", query_length=70)
    with pytest.raises(UserError, match=r"query_length 70 is more than .* can take: expected at most 64"):
        load(folder)
    folder = make(tmp_path / "odd", query_length="many")
    with pytest.raises(UserError, match="query_length is 'many', expected int"):
        load(folder)
    folder = make(tmp_path / "unfit", widths=(64, 24))
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(json.dumps([modules[0], modules[2]]))
    with pytest.raises(UserError, match="has states of 48 dimensions, but its projection expects 64"):
        load(folder)
    (folder / "modules.json").write_text(json.dumps([modules[0], modules[2], modules[1]]))
    with pytest.raises(
        UserError, match="do not fit each other: one gives 24 dimensions, the next expects 48"
    ):
        load(folder)
    with pytest.raises(UserError, match="layer 'projected' does not exist in 'minilm'"):
        Encoder.load(EncoderConfig(layer="projected", device="cpu"))


def test_states_can_be_changed_before_and_behind_the_projection(folders: dict[str, Path]) -> None:
    for layer in (None, "projected"):
        encoder = load(folders["pylate"], layer=layer)
        plain = encoder.encode([QUERIES[0]], "query")
        same = encoder.encode_changed(QUERIES[0], lambda states: states, "query")
        np.testing.assert_allclose(same.pooled, plain.pooled, atol=1e-4)
        np.testing.assert_allclose(same.states.values, plain.states.values, rtol=2e-3, atol=2e-3)
        moved = encoder.encode_changed(QUERIES[0], lambda states: states + 1, "query")
        np.testing.assert_allclose(moved.states.values, plain.states.values + 1, rtol=2e-3, atol=2e-3)
        assert float((moved.pooled @ plain.pooled.T)[0, 0]) < 0.999
