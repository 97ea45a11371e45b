"""Imported token states stand for the encoder that gave them; what does not fit is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.import_states import import_states

TEXTS = ("A cat sleeps.", "Owls hunt at night.", "A cat sleeps.")
COLLECTION = Collection(
    "animals",
    Corpus(("1", "2", "3"), TEXTS, ("", "", "")),
    Queries(("q1",), ("owls at night",)),
    {"q1": {"2": 1}},
)


@pytest.fixture
def made(encoder: Encoder, tmp_path: Path) -> tuple[Path, pd.DataFrame, np.ndarray[Any, Any]]:
    """Folder, table of tokens, and states, as the embedded encoder gives them."""
    parts, rows = [], []
    pieces = encoder.wordpieces()
    texts = [("document", i, t) for i, t in zip(COLLECTION.corpus.ids, TEXTS, strict=True)]
    for kind, name, text in [*texts, ("query", "q1", COLLECTION.queries.texts[0])]:
        encoded = encoder.encode([text], kind)  # type: ignore[arg-type]
        parts.append(encoded.states.values)
        for token, (start, end) in zip(encoded.token_ids.tolist(), encoded.spans.tolist(), strict=True):
            rows.append({"id": name, "kind": kind, "token": pieces[token], "start": start, "end": end})
    return tmp_path, pd.DataFrame(rows), np.concatenate(parts)


def as_npy(folder: Path, states: np.ndarray[Any, Any]) -> Path:
    np.save(folder / "states.npy", states)
    return folder / "states.npy"


def as_safetensors(folder: Path, states: np.ndarray[Any, Any]) -> Path:
    save_file({"states": states}, folder / "states.safetensors")
    return folder / "states.safetensors"


def as_parquet(folder: Path, states: np.ndarray[Any, Any]) -> Path:
    pd.DataFrame({"state": list(states.astype(np.float32))}).to_parquet(folder / "states.parquet")
    return folder / "states.parquet"


@pytest.mark.parametrize("write", [as_npy, as_safetensors, as_parquet])
@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
def test_they_are_the_encoders(
    made: tuple[Path, pd.DataFrame, Any], encoder: Encoder, write: Callable[..., Path], suffix: str
) -> None:
    folder, table, states = made
    tokens = folder / f"tokens.{suffix}"
    if suffix == "parquet":
        table.to_parquet(tokens)
    elif suffix == "jsonl":
        table.to_json(tokens, orient="records", lines=True)
    else:
        table.to_csv(tokens, index=False)
    record = import_states(write(folder, states), tokens, COLLECTION, folder / "theirs", "MiniLM")
    assert record["n_texts"] == 3  # of two equal documents the states are kept once
    imported = Encoder.load(EncoderConfig(str(folder / "theirs"), device="cpu"))
    for kind, texts in (("document", TEXTS), ("query", COLLECTION.queries.texts)):
        own, theirs = encoder.encode(texts, kind), imported.encode(texts, kind)  # type: ignore[arg-type]
        # An encoder's batches round differently from one text alone.
        np.testing.assert_allclose(theirs.states.values, own.states.values, atol=2e-3)
        np.testing.assert_array_equal(theirs.states.offsets, own.states.offsets)
        np.testing.assert_array_equal(theirs.spans, own.spans)
        np.testing.assert_allclose((theirs.pooled * own.pooled).sum(axis=1), 1, atol=1e-4)
        names = imported.wordpieces()
        assert [names[at] for at in theirs.token_ids] == [encoder.wordpieces()[at] for at in own.token_ids]
        np.testing.assert_array_equal(imported.count_tokens(texts, kind), encoder.count_tokens(texts, kind))  # type: ignore[arg-type]


def test_what_needs_the_encoder_is_refused(made: tuple[Path, pd.DataFrame, Any]) -> None:
    folder, table, states = made
    table.to_parquet(folder / "tokens.parquet")
    import_states(as_npy(folder, states), folder / "tokens.parquet", COLLECTION, folder / "theirs", "MiniLM")
    imported = Encoder.load(EncoderConfig(str(folder / "theirs"), device="cpu"))
    with pytest.raises(UserError, match=r"MiniLM has no states of the query 'a new one': only .* 3 texts"):
        imported.encode(["a new one"], "query")
    with pytest.raises(UserError, match="no other layers"):
        imported.at_layer(2)
    with pytest.raises(UserError, match="neither layers nor prefixes"):
        Encoder.load(replace(imported.config, layer=1))


def changed(column: str, row: int, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda table: table.iloc[:-1], "states, and .* tokens: expected one row for each"),
        (changed("id", 0, "9"), "tokens of the document '9', which animals lacks"),
        (changed("kind", 0, "answer"), "tokens of the answer '1'"),
        (changed("end", 1, 400), "row 2: a token from character .* of a text of 13"),
        (changed("start", 2, "x"), "row 3: start is 'x': expected a whole number"),
        (lambda table: table.iloc[np.roll(np.arange(len(table)), 1)], "in two places|a text of"),
        (lambda table: table.drop(columns="token"), "no column for the token of each token"),
        (lambda table: table.assign(token_id=1), "stands for more than one"),
        (lambda table: table.assign(token_id=np.arange(len(table)) + 2**30), "is no id of a tokenizer"),
    ],
)
def test_a_table_that_does_not_fit_is_one_sentence(
    made: tuple[Path, pd.DataFrame, Any], change: Callable[[pd.DataFrame], pd.DataFrame], sentence: str
) -> None:
    folder, table, states = made
    change(table).to_csv(folder / "tokens.csv", index=False)
    with pytest.raises(UserError, match=sentence):
        import_states(as_npy(folder, states), folder / "tokens.csv", COLLECTION, folder / "theirs")
    assert not (folder / "theirs").exists()


def test_states_that_are_no_numbers_are_refused(made: tuple[Path, pd.DataFrame, Any]) -> None:
    folder, table, states = made
    table.to_csv(folder / "tokens.csv", index=False)
    states = states.copy()
    states[4, 0] = np.nan
    with pytest.raises(UserError, match=r"row 5: a state that is not finite"):
        import_states(as_npy(folder, states), folder / "tokens.csv", COLLECTION, folder / "theirs")
    np.save(folder / "objects.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(UserError, match=r"objects\.npy"):
        import_states(folder / "objects.npy", folder / "tokens.csv", COLLECTION, folder / "theirs")
    (folder / "damaged.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(UserError, match="cannot be read as safetensors"):
        import_states(folder / "damaged.safetensors", folder / "tokens.csv", COLLECTION, folder / "theirs")
    assert not (folder / "theirs").exists()
