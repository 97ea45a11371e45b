"""What a page shows can be had without the app: its Python and its command give the page's own numbers."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from analyses.interventions.importance import write_importance
from analyses.laws import laws
from one_page import opened
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.page.evidence.call import call, inner, query, verb
from workbench.page.evidence.figure_table import figure_table
from workbench.page.evidence.record import STATE, Evidence, Shown

QUERY = "return the sum of an array"
# page -> addresses, and how many calls and commands are tried there
VIEWS: tuple[tuple[str, dict[str, str], int, int], ...] = (
    ("overview", {}, 1, 1),
    ("search", {"q": QUERY}, 1, 1),
    ("search", {"q": QUERY, "idf": "lucene", "part": "words"}, 1, 1),
    ("search", {"q": QUERY, "part": "cosine"}, 1, 1),
    ("search", {"q": QUERY, "part": "pairs", "idf": "lucene"}, 1, 1),
    ("search", {"q": QUERY, "part": "text", "credit": "leave-one-out"}, 1, 1),
    ("map", {}, 1, 1),
    ("compare-documents", {"q": QUERY}, 1, 1),
    ("ablation", {"q": QUERY}, 1, 1),
    ("ablation", {"q": QUERY, "place": "index", "length": "kept", "idf": "lucene"}, 1, 1),
    ("ablation", {"q": QUERY, "preset": "chosen", "factor": "2"}, 1, 0),
    ("ablation", {"q": QUERY, "change": "scoring", "k1": "2"}, 1, 0),
    ("steering", {"q": QUERY, "mass": "8", "idf": "lucene"}, 1, 1),
    ("steering", {"q": QUERY, "place": "document", "factor": "0", "part": "1,2"}, 1, 1),
    ("importance", {}, 1, 1),
    ("systems", {"q": QUERY}, 2, 2),
    ("failures", {"k": "5"}, 1, 1),
    ("side-by-side", {"q": QUERY, "q2": "sort the rows of a table"}, 1, 1),
    ("side-by-side", {"look": "word", "word": "array", "word2": "return"}, 1, 1),
    ("latents", {}, 1, 1),
    ("latent", {"latent": "3"}, 1, 1),
    ("basket", {"basket": "3,7,11"}, 2, 2),
    ("word", {"word": "array"}, 1, 1),
    ("word", {"word": "-1 or the sum"}, 1, 1),
    ("your-text", {"text": "the sum of -1", "idf": "lucene"}, 1, 1),
    ("types", {"rule": "0.45,0.5,0.3"}, 1, 1),
    ("laws", {}, 1, 1),
    ("growth", {}, 1, 1),
    ("frequency-bands", {}, 1, 1),
    ("length", {"b": "0.4"}, 1, 1),
    ("polysemy", {}, 1, 1),
)


@pytest.fixture(scope="module")
def written(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that pages and verbs write their parts into."""
    folder = tmp_path_factory.mktemp("evidence") / "shown"
    shutil.copytree(tiny_study.path, folder)
    write_importance(Study.open(folder), "clipped")
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        laws.write_laws(Study.open(folder))
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One opened study a path, whose encoder is loaded once, and short bootstraps of laws."""
    open_once = cache(Study.open)
    monkeypatch.setattr(Study, "open", lambda path: open_once(Path(path)))
    shorten(monkeypatch)


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Short bootstraps of laws."""
    whole, few = laws.laws_of, {"n_bootstrap": 5, "n_rival_bootstrap": 2}
    patch.setattr(laws, "laws_of", lambda *given, **named: whole(*given, **named, n_halves=20, **few))


def evidence_of(page: str, address: Mapping[str, str]) -> Evidence:
    found: Evidence = opened(page, **address).session_state[STATE]
    return found


def table_of(python: str) -> pd.DataFrame:
    names: dict[str, Any] = {}
    exec(compile(python, "the copied Python", "exec"), names)
    return pd.DataFrame(names["table"])


def check_python(shown: pd.DataFrame, python: str) -> None:
    again = table_of(python)
    assert len(again) == len(shown) > 0
    for column in shown.columns:
        expected, found = shown[column].reset_index(drop=True), again[column].reset_index(drop=True)
        if column in ("label", "label_other"):  # a name: on screen, alike ones are told apart
            continue
        pd.testing.assert_series_equal(found, expected, check_dtype=False, rtol=1e-5)


def numeric(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if table[name].dtype.kind in "iuf"]


def tables_in(value: Any) -> Iterator[pd.DataFrame]:
    """Every list of records in a JSON."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        yield pd.DataFrame(value)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from tables_in(one)


def same(shown: pd.DataFrame, printed: pd.DataFrame) -> bool:
    columns = numeric(shown)
    if len(printed) != len(shown) or not set(columns) <= set(printed.columns):
        return False
    a, b = (pd.DataFrame(each)[columns].apply(pd.to_numeric).to_numpy(float) for each in (shown, printed))
    return bool(np.allclose(a, b, rtol=1e-5, atol=1e-9, equal_nan=True))


def check_command(shown: pd.DataFrame, line: str, out: str) -> None:
    words = shlex.split(line)
    files = [Path(word) for word in words if word.endswith(".csv")]
    tables = [pd.read_csv(files[0])] if files else list(tables_in(json.loads(out)))
    assert any(same(shown, table) for table in tables), f"{line} prints other numbers"


def check_call(one: Shown, command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert one.call is not None
    assert one.table is not None
    check_python(one.table, one.call.python)
    if one.call.command:
        capsys.readouterr()
        assert command(*shlex.split(one.call.command)[1:]) == 0
        check_command(one.table, one.call.command, capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "address", "n_calls", "n_commands"), VIEWS)
def test_the_copied_python_and_command_give_the_numbers_of_the_view(
    page: str,
    address: dict[str, str],
    n_calls: int,
    n_commands: int,
    written: Path,
    quick: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["app", str(written)])
    shown = [one for one in evidence_of(page, address).shown.values() if one.call is not None]
    commands = [one for one in shown if one.call is not None and one.call.command]
    assert (len(shown), len(commands)) == (n_calls, n_commands)
    for one in shown:
        check_call(one, command, capsys)


@pytest.mark.slow
def test_so_do_those_of_limit_and_of_a_quality_card(
    limit_study: Study,
    tiny_study: Study,
    tiny_card: Path,
    quick: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    carded = tmp_path / "carded"
    shutil.copytree(tiny_study.path, carded)
    (carded / "cards").mkdir(exist_ok=True)
    shutil.copy(tiny_card, carded / "cards" / f"{tiny_study.manifest['sae']['fingerprint']}.json")
    monkeypatch.chdir(tmp_path)
    asked = (limit_study.path, "limit", {"q": limit_study.queries.texts[2]}), (carded, "saes", {})
    for path, page, address in asked:
        monkeypatch.setattr(sys, "argv", ["app", str(path)])
        (one,) = (one for one in evidence_of(page, address).shown.values() if one.call is not None)
        assert one.call is not None
        assert one.call.command
        check_call(one, command, capsys)


@pytest.mark.slow
def test_so_do_those_of_why(
    why_study: Study,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["app", str(why_study.path)])
    shown = [one for one in evidence_of("why", {}).shown.values() if one.call is not None]
    assert [bool(one.call and one.call.command) for one in shown] == [True, True, False, True]
    for one in shown:
        assert one.call is not None
        assert one.table is not None
        check_python(one.table, one.call.python)
        if one.call.command:
            capsys.readouterr()
            assert command(*shlex.split(one.call.command)[1:]) == 0
            printed = np.array(list(numbers_in(json.loads(capsys.readouterr().out))))
            for value in one.table[numeric(one.table)].to_numpy(float).ravel():
                assert np.isnan(value) or np.isclose(printed, value, rtol=1e-9, atol=1e-12).any()


def numbers_in(value: Any) -> Iterator[float]:
    """Every number in a JSON."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from numbers_in(one)


def test_a_call_is_spelled_as_it_was_made(tmp_path: Path) -> None:
    study = Study(tmp_path / "a study", {})
    made = call(
        study,
        "retrieval.top_k.best_keys",
        query('say "x" \\ -1'),
        inner("data.files.fingerprint", [1, "two"], None),
        Bm25Parameters(idf="lucene"),
        at=(3,),
        then=".numbers",
        command=verb("explain", study, "-rf $HOME; `ls`", "d 1", idf="lucene", top=0, cosine=False, b=0.5),
    )
    assert made.python.splitlines() == [
        "from data.files import fingerprint",
        "from retrieval.bm25 import Bm25Parameters",
        "from retrieval.study import Study",
        "from retrieval.top_k import best_keys",
        "",
        f"study = Study.open({str(study.path)!r})",
        "table = best_keys(study, study.encode('say \"x\" \\\\ -1'), fingerprint([1, 'two'], None), "
        "Bm25Parameters(idf='lucene'), at=(3,)).numbers",
    ]
    words = shlex.split(made.command)
    assert words[:3] == ["workbench", "explain", str(study.path)]
    assert words[3:] == [
        "--json",
        "--idf",
        "lucene",
        "--top",
        "0",
        "--b",
        "0.5",
        "--",
        "-rf $HOME; `ls`",
        "d 1",
    ]


def test_a_chart_without_a_table_has_the_table_of_what_it_draws() -> None:
    chart = go.Figure(
        [
            go.Bar(name="a <b>x</b>", x=[1, 2], y=["<a href='latent?latent=1'>one</a>", "two"]),
            go.Scatter(x=[3.5], y=[4.0], error_x={"array": [0.5], "arrayminus": [1.5]}),
            go.Heatmap(z=[[1, 2], [3, 4]], x=["p", "q"]),
            go.Scatter(x=[], y=[]),
        ]
    )
    table = figure_table(chart)
    assert table["series"].tolist() == ["a x"] * 2 + ["scatter 2"] + ["heatmap 3"] * 4
    assert table["y"].tolist() == ["one", "two", 4.0, 0, 0, 1, 1]
    assert table["x low"].dropna().tolist() == [2.0]
    assert table["x high"].dropna().tolist() == [4.0]
    assert table["z"].dropna().tolist() == [1, 2, 3, 4]
    assert figure_table(go.Figure()).empty
