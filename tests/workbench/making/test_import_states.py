"""From states that were made elsewhere to a study that ranks and explains, without their encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.collections import load_collection
from data.encoders import Encoder
from retrieval.study import Study


@pytest.mark.slow
def test_from_states_to_a_study(
    command: Callable[..., int],
    documents: Path,
    encoder: Encoder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    collection = load_collection(str(documents))
    states, rows = [], []
    for kind, part in (("document", collection.corpus), ("query", collection.queries)):
        encoded = encoder.encode(part.texts, kind)  # type: ignore[arg-type]
        states.append(encoded.states.values)
        names = np.repeat(np.array(part.ids, object), encoded.states.lengths)
        pieces = np.array(encoder.wordpieces(), object)[encoded.token_ids]
        spans = {"start": encoded.spans[:, 0], "end": encoded.spans[:, 1]}
        rows.append(pd.DataFrame({"text_id": names, "kind": kind, "token": pieces, **spans}))
    np.save(tmp_path / "states.npy", np.concatenate(states))
    pd.concat(rows).to_parquet(tmp_path / "tokens.parquet")
    theirs, sae, study = (tmp_path / name for name in ("theirs", "sae", "study"))
    given = ["--tokens", tmp_path / "tokens.parquet", "--collection", documents, "--out", theirs]
    assert command("import-states", tmp_path / "states.npy", *given) == 0
    sizes = ["--latents", 32, "--k", 4, "--batch", 32, "--tokens", 100, "--epochs", 20]
    assert command("train", "--text", documents, "--encoder", theirs, *sizes, "--out", sae) == 0
    assert command("index", "--sae", sae, "--collection", documents, "--out", study, "--quick") == 0
    opened = Study.open(study)
    question = collection.queries.texts[0]
    assert len(opened.search(question)) > 0
    assert len(opened.search(question, system="cosine")) > 0
    capsys.readouterr()
    assert command("search", study, "an unheard question") == 2
    said = capsys.readouterr()
    assert "theirs has no states of the query 'an unheard question'" in said.out + said.err
    assert command("explain", study, question, opened.corpus.ids[0]) == 0
    assert command("check", study) == 0
