"""The verb latent-table: all latents, or those that were named, in the order they were named in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from retrieval.study import Study


def test_named_latents_are_those_rows_of_the_whole(
    tiny_study: Study, command: Callable[..., int], tmp_path: Path
) -> None:
    whole, some = tmp_path / "whole.parquet", tmp_path / "some.parquet"
    assert command("latent-table", tiny_study.path, "--out", whole) == 0
    assert command("latent-table", tiny_study.path, "--out", some, "--latents", "11, 3") == 0
    expected = pd.read_parquet(whole).set_index("latent", drop=False).loc[[11, 3]].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(some), expected)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--latents", "3,x"], "expected something like 12,88"),
        (["--latents", "3,100000"], "latent 100000 is outside this SAE: choose 0 to 511"),
        (["--pairs"], "name them with --latents"),
    ],
)
def test_what_is_not_a_latent_is_one_sentence(
    tiny_study: Study,
    command: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    out = tmp_path / "table.csv"
    assert command("latent-table", tiny_study.path, "--out", out, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()
