"""Small multi-vector encoders, made and saved in the layouts in which there are such: seconds to build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

WORDS = (
    "what how do does is the of a an and to in for with on compute convolution two arrays cells repair dna signal "
    "signals array matrix return returns file read write text string list number value convert format given object"
)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
RULES: dict[str, Any] = {
    "query_prefix": "[Q] ", "document_prefix": "[D] ", "query_length": 16, "document_length": 40,
    "do_query_expansion": True, "attend_to_expansion_tokens": False, "skiplist_words": list(PUNCTUATION),
}  # fmt: skip


def pylate_folder(
    folder: Path,
    *,
    widths: tuple[int, ...] = (24,),
    bias: bool = False,
    residual: bool = False,
    seed: int = 0,
    **rules: Any,
) -> Path:
    """A BERT of two layers with linear projections to `widths` behind it, as PyLate saves it."""
    _transformer(folder, seed, ("[Q] ", "[D] "))
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for number, (d_in, d_out) in enumerate(zip((48, *widths), widths, strict=False), start=1):
        config = {
            "in_features": d_in, "out_features": d_out, "bias": bias,
            "activation_function": "torch.nn.modules.linear.Identity", "use_residual": residual,
        }  # fmt: skip
        (folder / f"{number}_Dense").mkdir()
        (folder / f"{number}_Dense" / "config.json").write_text(json.dumps(config))
        save_file(_linear(d_in, d_out, bias, residual), folder / f"{number}_Dense" / "model.safetensors")
        modules.append(
            {
                "idx": number,
                "name": str(number),
                "path": f"{number}_Dense",
                "type": "pylate.models.Dense.Dense",
            }
        )
    (folder / "modules.json").write_text(json.dumps(modules))
    settings = {"model_type": "ColBERT", "prompts": {"query": "", "document": ""}, **RULES, **rules}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 39, "do_lower_case": false}')
    return folder


def colbert_folder(folder: Path, seed: int = 0, **metadata: Any) -> Path:
    """The same in the layout of the original ColBERT: the projection among the weights, and artifact.metadata."""
    model = _transformer(folder, seed, ())
    weights = {f"bert.{name}": weight.contiguous() for name, weight in model.state_dict().items()}
    save_file(weights | _linear(48, 24, False), folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | {"architectures": ["HF_ColBERT"]}
    (folder / "config.json").write_text(json.dumps(config))
    facts = {
        "query_token_id": "[unused0]", "doc_token_id": "[unused1]", "query_maxlen": 12, "doc_maxlen": 40,
        "attend_to_mask_tokens": False, "mask_punctuation": True,
    }  # fmt: skip
    (folder / "artifact.metadata").write_text(json.dumps(facts | metadata))
    return folder


def _linear(d_in: int, d_out: int, bias: bool, residual: bool = False) -> dict[str, torch.Tensor]:
    tensors = {"linear.weight": torch.randn(d_out, d_in) / d_in**0.5}
    if residual and d_in != d_out:
        tensors["residual.weight"] = torch.randn(d_out, d_in) / d_in**0.5
    return tensors | ({"linear.bias": torch.randn(d_out) / 4} if bias else {})


def _transformer(folder: Path, seed: int, added: tuple[str, ...]) -> BertModel:
    folder.mkdir(parents=True)
    pieces = [
        "[PAD]",
        "[unused0]",
        "[unused1]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *PUNCTUATION,
        *WORDS.split(),
    ]
    pieces += [*LETTERS, *(f"##{letter}" for letter in LETTERS)]
    pieces = list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    tokenizer.add_tokens(list(added))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer), hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=96, max_position_embeddings=64, initializer_range=0.2,
        )
    ).eval()  # fmt: skip
    model.save_pretrained(folder)
    return model
