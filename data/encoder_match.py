"""What differs between two encoders, as a sentence can say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Settings on which token states depend beside the weights, and the option that sets each.
SETTINGS = {
    "layer": "--layer",
    "query_prefix": "--query-prefix",
    "document_prefix": "--document-prefix",
    "special_tokens": "--special-tokens or --no-special-tokens",
}


def difference(trained: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """How the encoder `given` differs from the one an SAE was `trained` on, by their descriptions; None if not.

    The end of a sentence, "with ..., got ...: what to do". What an older description lacks does not differ.
    """
    then, now = trained["config"], given["config"]
    precisions = then.get("precision", "float32"), now.get("precision", "float32")
    if trained["d_model"] != given["d_model"] and then["layer"] == now["layer"]:
        return _other("on states of width", trained["d_model"], given["d_model"], _use(trained))
    for name, option in SETTINGS.items():
        if then[name] != now[name]:
            return _other(f"with {name}", then[name], now[name], f"set it by {option}")
    if trained["d_model"] != given["d_model"]:
        return _other("on states of width", trained["d_model"], given["d_model"], _use(trained))
    if trained["fingerprint"] == given["fingerprint"]:
        return None
    if precisions[0] != precisions[1]:
        return _other("with precision", *precisions, "leave the encoder out, and the one on record is taken")
    rules = [description.get("rules", {}).get("lower_case", False) for description in (trained, given)]
    if rules[0] != rules[1]:
        return (
            f"on texts {_cased(rules[0])}, got an encoder that reads them {_cased(rules[1])}, as its "
            "sentence_bert_config.json says: train the SAE again"
        )
    return (
        f"on {then['model']} with weights {trained['fingerprint']}, got {now['model']} with weights "
        f"{given['fingerprint']}: {_use(trained)}"
    )


def _other(what: str, then: Any, now: Any, advice: str) -> str:
    return f"{what} {then!r}, got {now!r}: {advice}"


def _use(trained: Mapping[str, Any]) -> str:
    return f"use {trained['config']['model']}, the encoder that it was trained on"


def _cased(lower: bool) -> str:
    return "in lower case" if lower else "as they stand"
