"""One vector of a text is sentence-transformers' own of the same folder, or a sentence says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from single_vector_folder import WIDTH, model_folder, sentence_folder

sentence_transformers = pytest.importorskip("sentence_transformers", minversion="6")
from sentence_transformers.sentence_transformer.modules import Dense, LayerNorm, Normalize  # noqa: E402

QUERIES = ["how do cells repair DNA?", "convolution", "The value of an array"]
DOCUMENTS = [
    "Compute the convolution of two arrays.",
    "A",
    "",
    "Cells repair DNA; the signal returns: a (matrix) of values! " * 9,
]
MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
PROMPTS = {"query": "compute the value of: ", "document": "text: "}
FOLDERS: dict[str, Callable[[Path], Path]] = {
    **{mode: lambda path, mode=mode: sentence_folder(path, pooling={"pooling_mode": mode}) for mode in MODES},  # type: ignore[misc]
    "two modes": lambda path: sentence_folder(path, pooling={"pooling_mode": ("max", "cls")}),
    "normalised": lambda path: sentence_folder(path, [Normalize()], similarity_fn_name="dot"),
    "dense, tanh": lambda path: sentence_folder(path, [Dense(WIDTH, 20), Normalize()]),
    "dense of sqrt": lambda path: sentence_folder(
        path,
        [Dense(WIDTH, 24, bias=False, activation_function=torch.nn.ReLU()), Dense(24, 16, use_residual=True)],
        {"pooling_mode": "mean_sqrt_len_tokens"},
    ),
    "normalised, then dense": lambda path: sentence_folder(path, [Normalize(), LayerNorm(WIDTH), Dense(WIDTH, 8)]),
    "lower-cased": lambda path: lowered(sentence_folder(path)),
    "short": lambda path: sentence_folder(path, reading={"max_seq_length": 12}),
    "prompts": lambda path: sentence_folder(path, prompts=PROMPTS),
    "a prompt for passages": lambda path: sentence_folder(path, prompts={"query": "what ", "passage": "text: "}),
    "a default prompt": lambda path: sentence_folder(path, prompts={"a": "of: "}, default_prompt_name="a"),
    "truncated": lambda path: sentence_folder(path, [Normalize()], truncate_dim=10),
    "truncated, dense": lambda path: sentence_folder(path, [Dense(WIDTH, 20)], truncate_dim=10),
    **{
        f"prompt left out of {mode}": lambda path, mode=mode: sentence_folder(  # type: ignore[misc]
            path, pooling={"pooling_mode": mode, "include_prompt": False}, prompts=PROMPTS
        )
        for mode in MODES
    },
}  # fmt: skip


def rewrite(folder: Path, file: str, **changes: Any) -> None:
    path = folder / file
    settings = json.loads(path.read_text()) if path.exists() else {}
    settings = {key: value for key, value in (settings | changes).items() if value is not None}
    path.write_text(json.dumps(settings))


def lowered(folder: Path) -> Path:
    rewrite(folder, "sentence_bert_config.json", do_lower_case=True)
    return folder


def load(folder: Path, **changes: Any) -> Encoder:
    return Encoder.load(EncoderConfig(str(folder), device="cpu", **changes))


def cosines(ours: np.ndarray[Any, Any], theirs: Any) -> np.ndarray[Any, Any]:
    theirs = np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape
    return np.sum(ours * theirs, axis=1) / np.linalg.norm(theirs, axis=1)


@pytest.mark.parametrize("name", FOLDERS)
def test_vectors_are_sentence_transformers_own(tmp_path: Path, name: str) -> None:
    folder = FOLDERS[name](tmp_path / "saved")
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    encoder = load(folder)
    queries, documents = encoder.encode(QUERIES, "query").pooled, encoder.encode(DOCUMENTS).pooled
    np.testing.assert_allclose(cosines(queries, theirs.encode_query(QUERIES)), 1, atol=1e-5)
    np.testing.assert_allclose(cosines(documents, theirs.encode_document(DOCUMENTS)), 1, atol=1e-5)
    described = encoder.describe()
    assert json.loads(json.dumps(described)) == described
    again = Encoder.load(EncoderConfig(**described["config"]))
    assert again.describe() == described


def test_older_folders_say_the_same_by_other_names(tmp_path: Path) -> None:
    """As sentence-transformers 2 wrote them: switches for the modes, and the Transformer in a folder of its own."""
    folder = sentence_folder(tmp_path / "saved", [Dense(WIDTH, 20)])
    rewrite(
        folder,
        "1_Pooling/config.json",
        pooling_mode=None,
        pooling_mode_max_tokens=True,
        pooling_mode_cls_token=True,
    )
    rewrite(folder, "2_Dense/config.json", in_features=2 * WIDTH)
    wide = torch.nn.Linear(2 * WIDTH, 20)
    save_file(
        {f"linear.{name}": value for name, value in wide.state_dict().items()},
        folder / "2_Dense" / "model.safetensors",
    )
    (folder / "0_Transformer").mkdir()
    for file in [*folder.glob("*.safetensors"), *folder.glob("tokenizer*"), folder / "config.json"]:
        file.rename(folder / "0_Transformer" / file.name)
    (folder / "sentence_bert_config.json").unlink()
    rewrite(folder, "0_Transformer/sentence_roberta_config.json", max_seq_length=9, do_lower_case=True)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    encoder = load(folder)
    assert encoder.config.max_length == theirs.max_seq_length == 9
    ours = encoder.encode(DOCUMENTS).pooled
    np.testing.assert_allclose(cosines(ours, theirs.encode_document(DOCUMENTS)), 1, atol=1e-5)


def test_what_the_user_says_comes_before_what_the_model_says(tmp_path: Path) -> None:
    folder = sentence_folder(tmp_path / "saved", reading={"max_seq_length": 12}, prompts=PROMPTS)
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    theirs.max_seq_length = 30
    encoder = load(folder, max_length=30, query_prefix="", document_prefix="list of ")
    np.testing.assert_allclose(
        cosines(encoder.encode(DOCUMENTS).pooled, theirs.encode(DOCUMENTS, prompt="list of ")), 1, atol=1e-5
    )
    np.testing.assert_allclose(
        cosines(encoder.encode(QUERIES, "query").pooled, theirs.encode(QUERIES, prompt="")), 1, atol=1e-5
    )


def test_a_model_without_modules_is_read_as_sentence_transformers_reads_it(tmp_path: Path) -> None:
    for name, make in {"bert": None, "causal": _qwen}.items():
        folder = model_folder(tmp_path / name, make)
        theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
        encoder = load(folder)
        assert encoder.pooling == {"bert": "mean", "causal": "lasttoken"}[name]
        np.testing.assert_allclose(
            cosines(encoder.encode(QUERIES).pooled, theirs.encode(QUERIES)), 1, atol=1e-5
        )


def _qwen(n_pieces: int) -> PreTrainedModel:
    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=n_pieces, max_position_embeddings=80, hidden_size=WIDTH, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=4, intermediate_size=64,
        )
    )  # fmt: skip


def test_what_changes_the_vector_is_in_the_description(tmp_path: Path) -> None:
    plain = load(sentence_folder(tmp_path / "plain"))
    assert "rules" not in plain.describe()
    lower = load(lowered(sentence_folder(tmp_path / "lower")))
    assert lower.describe()["rules"] == {"lower_case": True}
    assert lower.fingerprint != plain.fingerprint  # other states of the same text
    heads = {name: Dense(WIDTH, 20) for name in ("first", "second")}
    first, second = (load(sentence_folder(tmp_path / name, [head])) for name, head in heads.items())
    assert len({plain.fingerprint, first.fingerprint, second.fingerprint}) == 3


def _edit(file: str, **changes: Any) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, file, **changes)


def _put(index: int, kind: str) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        modules = json.loads((folder / "modules.json").read_text())
        modules.insert(index, {"idx": 9, "name": "9", "path": "9_More", "type": kind})
        (folder / "modules.json").write_text(json.dumps(modules))

    return put


OWN = "sentence_transformers.models."
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "an unknown mode": (_edit("1_Pooling/config.json", pooling_mode="median"), "pools by 'median': expected cls"),
    "an unknown switch": (
        _edit("1_Pooling/config.json", pooling_mode=None, pooling_mode_median_tokens=True),
        "pools by 'pooling_mode_median_tokens'",
    ),
    "dot product": (_edit("config_sentence_transformers.json", similarity_fn_name="dot"), "its vectors by 'dot'"),
    "manhattan": (_edit("config_sentence_transformers.json", similarity_fn_name="manhattan"), "by 'manhattan'"),
    "half a dimension": (_edit("config_sentence_transformers.json", truncate_dim=0.5), "truncate_dim 0.5"),
    "prompts of no text": (_edit("config_sentence_transformers.json", prompts={"query": 1}), "are not text"),
    "a sparse encoder": (_edit("sentence_bert_config.json", transformer_task="fill-mask"), "transformer_task"),
    "chat messages": (
        _edit("sentence_bert_config.json", modality_config={"message": {"method": "forward"}}), "modality_config",
    ),
    "length by kind": (_edit("sentence_bert_config.json", query_length=8), "sets query_length of its"),
    "a changed model": (_edit("sentence_bert_config.json", config_kwargs={"hidden_size": 1}), "hidden_size"),
    "a weighted pooling": (_put(1, f"{OWN}WeightedLayerPooling"), "is made of Transformer, WeightedLayerPooling"),
    "words' weights": (_put(1, f"{OWN}WordWeights"), "WordWeights"),
    "two poolings": (_put(2, f"{OWN}Pooling"), "is made of Transformer, Pooling, Pooling"),
    "code of its own": (_put(2, "custom_st.Better"), "is made of custom_st.Better"),
    "a dense module without weights": (_put(2, f"{OWN}LayerNorm"), "has no weights in 9_More"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_supported_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    change, message = REFUSED[name]
    folder = sentence_folder(tmp_path / "saved")
    load(folder)
    change(folder)
    with pytest.raises(UserError, match=message):
        load(folder)


def test_dense_modules_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    folder = sentence_folder(tmp_path / "saved", [Dense(WIDTH, 20)])
    rewrite(folder, "2_Dense/config.json", activation_function="os.system")
    with pytest.raises(UserError, match=r"has os\.system in"):
        load(folder)
    rewrite(
        folder, "2_Dense/config.json", activation_function="torch.nn.modules.activation.Tanh", out_features=21
    )
    with pytest.raises(UserError, match="weights in 2_Dense that do not fit"):
        load(folder)
    rewrite(folder, "2_Dense/config.json", in_features=7)
    with pytest.raises(
        UserError, match="a Dense module from 7 to 21 dimensions in 2_Dense, and 32 come to it"
    ):
        load(folder)
    (folder / "2_Dense" / "model.safetensors").rename(folder / "2_Dense" / "pytorch_model.bin")
    rewrite(folder, "2_Dense/config.json", in_features=WIDTH)
    with pytest.raises(UserError, match="only pytorch_model"):
        load(folder)
