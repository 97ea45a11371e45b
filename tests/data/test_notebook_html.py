"""What an object shows of itself in a notebook is text, whatever a corpus holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.notebook_html import MOST_ROWS, panel


def test_text_of_a_corpus_is_escaped_wherever_it_stands() -> None:
    hostile = "<img src=x onerror=alert(1)>\x1b[31m"
    html = panel(hostile, {hostile: hostile}, pd.DataFrame({hostile: [hostile]}), [hostile])
    assert "<img" not in html
    assert "\x1b" not in html
    assert html.count("&lt;img") == 6


def test_numbers_of_any_kind_are_written_alike() -> None:
    table = pd.DataFrame(
        {"a": np.array([1234567], np.int32), "b": np.array([0.5], np.float32), "c": [np.nan]}
    )
    assert "<td>1,234,567</td><td>0.5</td><td></td>" in panel("t", table=table)


def test_a_longer_table_says_how_much_is_left_out() -> None:
    html = panel("t", table=pd.DataFrame({"a": range(MOST_ROWS + 3)}))
    assert html.count("<td>") == MOST_ROWS
    assert "3 more rows" in html
