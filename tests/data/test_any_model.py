"""Any AutoModel: its states are Hugging Face's own of each text alone, or a sentence says why it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.models import weights_fingerprint
from data.remote_code import VARIABLE
from single_vector_folder import WIDTH, model_folder

TEXTS = [
    "compute the convolution of two arrays and return a matrix of values for the given signals",
    "cells repair dna",
    "a",
    "read text from a file; write a list of strings to the file, and convert the number to a string",
    "cells repair text",
    "the signal of an array",
]
LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "hidden_size": WIDTH}
SMALL: dict[str, Any] = {**LAYERS, "max_position_embeddings": 80}
FROM_TWO: dict[str, Any] = {**LAYERS, "max_position_embeddings": 42, "pad_token_id": 1}
MARKS: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
Make = Callable[[int], hf.PreTrainedModel]


def small(name: str, model: str = "Model", **settings: Any) -> Make:
    """A model with random weights, by the name of its family in transformers."""

    def make(n_pieces: int) -> hf.PreTrainedModel:
        config = getattr(hf, f"{name}Config")(vocab_size=n_pieces, **settings)
        made: hf.PreTrainedModel = getattr(hf, f"{name}{model}")(config)
        return made

    return make


READ: dict[str, Make] = {
    "BERT": small("Bert", **SMALL),
    "RoBERTa": small("Roberta", **FROM_TWO),
    "MPNet": small("MPNet", **FROM_TWO),
    "DistilBERT": small("DistilBert", max_position_embeddings=80, n_layers=2, n_heads=4, dim=WIDTH, hidden_dim=64),
    "ALBERT": small("Albert", embedding_size=16, **SMALL),
    "XLNet": small("XLNet", d_model=WIDTH, n_layer=2, n_head=4, d_inner=64),
    "T5": small("T5", "EncoderModel", d_model=WIDTH, d_kv=8, d_ff=64, num_layers=2, num_heads=4),
    "ModernBERT": small("ModernBert", cls_token_id=2, sep_token_id=3, **SMALL, **MARKS),
    "GPT-2": small("GPT2", n_positions=80, n_embd=WIDTH, n_layer=2, n_head=4, **MARKS),
    "BART": small(
        "Bart", max_position_embeddings=80, d_model=WIDTH, encoder_layers=2, decoder_layers=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, encoder_attention_heads=4, decoder_attention_heads=4, **MARKS,
    ),
    "DeBERTa": small("DebertaV2", relative_attention=True, pos_att_type=["p2c", "c2p"], **SMALL),
    # These mix a text's states with its padding.
    "ConvBERT": small("ConvBert", embedding_size=WIDTH, **SMALL),
    "Nystroemformer": small("Nystromformer", **SMALL),
    "Funnel": small("Funnel", block_sizes=[1, 1], d_model=WIDTH, n_head=4, d_head=8, d_inner=64),
    "FNet": small("FNet", **{name: value for name, value in SMALL.items() if name != "num_attention_heads"}),
}  # fmt: skip


def clip(n_pieces: int) -> hf.PreTrainedModel:
    text = {**SMALL, "vocab_size": n_pieces}
    return hf.CLIPModel(
        hf.CLIPConfig(text_config=text, vision_config={**LAYERS, "image_size": 16, "patch_size": 8})
    )


REFUSED: dict[str, tuple[Make, str]] = {
    "DPR": (small("DPR", "QuestionEncoder", **SMALL), r"no state per token \(last_hidden_state\), only pool"),
    "CLIP": (clip, "is a CLIPModel, which has no one width of token states"),
    "Nystroemformer": (
        small("Nystromformer", num_landmarks=8, segment_means_seq_len=16, **SMALL), "cannot read a text of .* to",
    ),
    "YOSO": (small("Yoso", use_expectation=False, **SMALL), "other states each time|cannot read a text of"),
}  # fmt: skip


def load(folder: Path, **changes: Any) -> Encoder:
    return Encoder.load(EncoderConfig(str(folder), device="cpu", **changes))


@pytest.mark.parametrize("name", READ)
def test_states_are_those_of_each_text_alone(tmp_path: Path, name: str) -> None:
    folder = model_folder(tmp_path / "model", READ[name])
    tokenizer, model = hf.AutoTokenizer.from_pretrained(folder), hf.AutoModel.from_pretrained(folder)
    model = model.get_encoder() if isinstance(getattr(model, "decoder", None), hf.PreTrainedModel) else model
    encoder = load(folder)
    encoded = encoder.encode([*TEXTS, " ".join(TEXTS)])
    for row, text in enumerate([*TEXTS, " ".join(TEXTS)]):
        ids = tokenizer(text, truncation=True, max_length=encoder.config.max_length, return_tensors="pt")
        with torch.inference_mode():
            states = model.eval()(input_ids=ids["input_ids"]).last_hidden_state[0].numpy()
        np.testing.assert_allclose(encoded.states[row], states, rtol=4e-3, atol=4e-3)
    layer = load(folder, layer=1).encode(TEXTS[:1])
    assert layer.states.values.shape == (encoded.states.lengths[0], WIDTH)


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_without_states_of_each_text_alone_is_refused(tmp_path: Path, name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(UserError, match=message):
        load(model_folder(tmp_path / "model", make))


def test_a_layer_without_a_state_per_token_is_refused(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model", READ["Funnel"])  # its second block pools every two tokens
    with pytest.raises(UserError, match=r"layer 2 of .* has states of 10 positions for texts of 19 tokens"):
        load(folder, layer=2).encode(TEXTS[:1])


def test_no_limit_of_positions_is_no_limit_and_a_limit_is_named(tmp_path: Path) -> None:
    assert load(model_folder(tmp_path / "xlnet", READ["XLNet"]), max_length=500).config.max_length == 500
    roberta = model_folder(tmp_path / "roberta", READ["RoBERTa"])
    assert load(roberta).config.max_length == 40
    with pytest.raises(UserError, match=r"max_length 41 is more than .* expected at most 40"):
        load(roberta, max_length=41)


def test_a_tokenizer_without_spans_is_refused(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    for file in [*folder.glob("tokenizer*"), folder / "vocab.txt"]:
        file.unlink()
    hf.ByT5Tokenizer().save_pretrained(folder)
    with pytest.raises(UserError, match="has no fast tokenizer, which the character spans need"):
        load(folder)


NAMES = ["input_ids", "token_type_ids", "attention_mask"]


def test_token_types_of_a_tokenizer_are_read(tmp_path: Path) -> None:
    """XLNet's tokenizer gives its last token a type of its own, and XLNet reads it."""
    folder = model_folder(tmp_path / "xlnet", READ["XLNet"])
    pieces = [("<pad>", 0.0), ("<unk>", -9.0), ("<sep>", 0.0), ("<cls>", 0.0)]
    pieces += [(f"\u2581{word}", -2.0) for word in " ".join(TEXTS).replace(";", "").replace(",", "").split()]
    tokenizer = hf.XLNetTokenizerFast(vocab=list(dict(pieces).items()), unk_id=1, model_input_names=NAMES)
    (folder / "tokenizer.json").unlink()
    tokenizer.save_pretrained(folder)
    ids = tokenizer(TEXTS[1], return_tensors="pt")
    assert ids["token_type_ids"].tolist() == [[0, 0, 0, 0, 2]]
    with torch.inference_mode():
        states = hf.AutoModel.from_pretrained(folder).eval()(**ids).last_hidden_state[0].numpy()
    np.testing.assert_allclose(load(folder).encode(TEXTS[:3]).states[1], states, rtol=4e-3, atol=4e-3)


def test_half_precision_sharded_and_dimensionless_weights_are_read(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    plain = load(folder)
    model = hf.AutoModel.from_pretrained(folder)
    model.save_pretrained(tmp_path / "sharded", max_shard_size="20KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    model.half().save_pretrained(tmp_path / "half")
    for name in ("sharded", "half"):
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (tmp_path / name / file).write_bytes((folder / file).read_bytes())
    assert load(tmp_path / "sharded").fingerprint == plain.fingerprint
    half = load(tmp_path / "half")
    np.testing.assert_allclose(half.encode(TEXTS).pooled, plain.encode(TEXTS).pooled, atol=0.02)
    model.register_buffer("scale", torch.tensor(2.0))
    assert weights_fingerprint(model) != weights_fingerprint(hf.AutoModel.from_pretrained(folder).half())


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.word_embeddings.weight"][:] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UserError, match="states that are not finite"):
        load(folder)


def test_code_that_a_model_brings_is_run_only_if_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_folder(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own-bert",
        "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(
        "from pathlib import Path\n"
        "from transformers import BertConfig, BertModel\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\n"
        "class OwnConfig(BertConfig):\n    model_type = 'own-bert'\n"
        "class OwnModel(BertModel):\n    config_class = OwnConfig\n"
    )
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    with pytest.raises(UserError, match=r"brings Python code of its own .* --trust-remote-code"):
        load(folder)
    assert not (tmp_path / "ran").exists()
    monkeypatch.setenv(VARIABLE, "1")
    assert load(folder).encode(TEXTS).n_tokens > 0
    assert (tmp_path / "ran").exists()


def without_special_tokens(folder: Path) -> Path:
    """The model with a tokenizer that adds no token to a text."""
    words = dict.fromkeys(" ".join(TEXTS).split())
    tokenizer = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(["[UNK]", *words])}, "[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(folder)
    return folder


def test_a_text_without_a_token_has_no_state_and_a_null_vector(tmp_path: Path) -> None:
    encoder = load(without_special_tokens(model_folder(tmp_path / "model")))
    encoded = encoder.encode(["", *TEXTS, "   "])
    assert encoded.states.lengths[[0, -1]].tolist() == [0, 0]
    assert not encoded.pooled[[0, -1]].any()
    np.testing.assert_allclose(np.linalg.norm(encoded.pooled[1:-1], axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(encoded.states.values, encoder.encode(TEXTS).states.values)
    nothing = encoder.encode(["", ""])
    assert (nothing.n_tokens, nothing.pooled.shape) == (0, (2, WIDTH))
    assert encoder.encode_changed("", lambda states: states + 1).n_tokens == 0


def test_a_folder_is_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder(tmp_path / "here" / "model")
    monkeypatch.chdir(tmp_path)
    assert load(Path("here/model")).describe() == load(folder).describe()
    twin = Encoder.load(EncoderConfig("random:here/model:3", device="cpu"))
    assert twin.config.model == f"random:{folder}:3"
