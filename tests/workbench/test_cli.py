"""The command line, as a script and as a person meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from data.remote_code import VARIABLE
from retrieval.run import read_trec
from retrieval.study import Study
from workbench.making.parsing import parse_count, written_count
from workbench.verbs.registry import CURRENT_NAMES, VERBS

Command = Callable[..., int]


@pytest.mark.slow
def test_train_index_search_explain_evaluate(
    documents: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> dict:
        assert command(*arguments, "--json") == 0
        return json.loads(capsys.readouterr().out)

    train = (
        "train",
        "--text",
        documents,
        "--latents",
        64,
        "--k",
        4,
        "--tokens",
        "4k",
        "--batch",
        64,
        "--out",
        "sae",
    )
    trained = run(*train)
    assert trained["n_latents"] == 64
    assert trained["trained_on"]["text"]["documents"] == 8
    assert run(*train) == trained
    indexed = run("index", "--sae", "sae", "--collection", documents, "--out", "study", "--quick")
    assert indexed["counts"]["n_docs"] == 8

    found = run("search", "study", "what does a cow eat", "--depth", 3)
    assert [set(row) for row in found["results"]] == [{"rank", "doc_id", "score"}] * 3
    best = found["results"][0]

    why = run("explain", "study", "what does a cow eat", best["doc_id"])
    assert why["score"] == pytest.approx(best["score"], rel=1e-5)
    assert sum(row["contribution"] for row in why["latents"]) == pytest.approx(why["score"], rel=1e-5)
    text = Study.open("study").corpus.texts[Study.open("study").position[best["doc_id"]]]
    for row in why["latents"]:
        credit = sum(token["credit"] for token in row["document_tokens"])
        assert credit == pytest.approx(row["contribution"], rel=1e-5)
        assert all(0 <= token["start"] <= token["end"] <= len(text) for token in row["document_tokens"])

    means = run("evaluate", "study", "--runs", "runs")
    assert list(means)[:4] == ["latent", "latent_lucene_idf", "cosine", "bm25"]
    assert "rrf_latent_cosine" in means
    assert list(means["latent"]) == ["nDCG@10", "R@10", "R@100", "R@1000", "MRR@10"]
    assert means["bm25"]["MRR@10"] == 1.0
    assert sorted(path.name for path in Path("runs").iterdir()) == [
        f"{system}.trec" for system in sorted(means)
    ]
    assert set(read_trec(Path("runs/latent.trec")).query_ids) <= set(Study.open("study").queries.ids)

    latent = why["latents"][0]["latent"]
    entry = run("latent", "study", latent)
    assert entry["latent"] == latent
    assert entry["statistics"]["document_frequency"] >= 1


@pytest.mark.slow
def test_every_verb_has_help_that_teaches(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--help") == 0
    overview = capsys.readouterr().out
    for verb in VERBS:
        assert f"│ {verb.name} " in overview
        assert command(verb.name, "--help") == 0
        assert len(capsys.readouterr().out) > 300


def test_a_verbs_file_is_named_after_it() -> None:
    folders = {
        "Make": "make",
        "Read the vocabulary": "read",
        "Rank, and say why": "rank",
        "Explain one text, one ranking": "explain",
        "Look, and print": "look",
    }
    for verb in VERBS:
        place = f"workbench.verbs.{folders[verb.panel]}.{verb.name.replace('-', '_')}"
        assert verb.run.__module__ == place
    names = [verb.name for verb in VERBS]
    assert len({*names, *CURRENT_NAMES}) == len(names) + len(CURRENT_NAMES)


def test_code_of_models_is_trusted_wherever_the_option_stands(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verb, option = ("search", "nowhere", "x"), "--trust-remote-code"
    for arguments in ((option, *verb), (*verb, option)):
        monkeypatch.setenv(VARIABLE, "0")
        assert command(*verb) == 2
        assert "Python code" not in capsys.readouterr().err
        assert os.environ[VARIABLE] == "0"
        assert command(*arguments) == 2
        assert "Python code that comes with an encoder is run, with your rights" in capsys.readouterr().err
        assert os.environ[VARIABLE] == "1"


@pytest.mark.parametrize(("former", "name"), CURRENT_NAMES.items())
def test_an_older_name_does_the_same_and_prints_the_new_one(
    former: str, name: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--help") == 0
    assert f"│ {former} " not in capsys.readouterr().out
    for arguments, status in ((("--help",), 0), (("nowhere", "--no-such-option"), 2)):
        assert command(name, *arguments) == status
        today = capsys.readouterr()
        assert command(former, *arguments) == status
        printed = capsys.readouterr()
        assert printed.out == today.out
        assert printed.err == f"`{former}` is now `{name}`\n" + today.err


def test_an_older_name_prints_the_same_json(
    tiny_study: Study, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (tiny_study.path, "--latents", "1,2", "--controls", 2, "--json")
    assert command("ablation", *arguments) == 0
    today = capsys.readouterr().out
    assert command("ablate", *arguments) == 0
    assert capsys.readouterr().out == today


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("search", "nowhere", "query"), "nowhere is not a study"),
        (("train", "--text", "docstrings", "--out", "x", "--tokens", "many"), "many is not a count"),
        (("train", "--text", "/no/such/thing", "--out", "x"), "/no/such/thing"),
        (("index", "--sae", "nowhere", "--collection", "limit:30", "--out", "x"), "nowhere"),
        (("collection", "no-such-collection"), "no-such-collection"),
        (("app", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(*arguments) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert not (tmp_path / "x").exists()


def test_an_interrupt_says_how_to_go_on(
    tiny_study: Study, monkeypatch: pytest.MonkeyPatch, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "search", interrupt)
    assert command("search", tiny_study.path, "sort") == 130
    assert "finished stages are kept" in capsys.readouterr().err


def test_bad_input_to_a_study_is_told(
    tiny_study: Study, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, sentence in [
        (("search", tiny_study.path, " "), "the query is empty"),
        (("search", tiny_study.path, "sort", "--system", "magic"), "'magic' is unknown"),
        (("search", tiny_study.path, "sort", "--idf", "magic"), "magic"),
        (("explain", tiny_study.path, "sort", "no such document"), "no such document"),
        (("latent", tiny_study.path, 10**6), "1000000"),
    ]:
        assert command(*arguments) == 2
        assert sentence in capsys.readouterr().err


def test_a_query_outside_the_vocabulary_finds_nothing_calmly(
    tiny_study: Study, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("search", tiny_study.path, "zxqv", "--system", "bm25") == 0
    assert "No document" in capsys.readouterr().out


def test_tables_for_people(tiny_study: Study, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    latent = int(np.argmax(tiny_study.index.document_frequency))
    for arguments in (
        ("search", tiny_study.path, "sort an array"),
        ("explain", tiny_study.path, "sort an array", tiny_study.corpus.ids[0]),
        ("evaluate", tiny_study.path),
        ("latent", tiny_study.path, latent),
    ):
        assert command(*arguments) == 0
        assert len(capsys.readouterr().out) > 100


@pytest.mark.parametrize(
    ("text", "count"), [("6M", 6_000_000), ("250k", 250_000), ("1_000", 1000), ("1.5m", 1_500_000)]
)
def test_counts(text: str, count: int) -> None:
    assert parse_count(text) == count


@given(st.integers(1, 10**10), st.sampled_from([1, 10**3, 10**6]))
def test_a_count_is_read_back_as_written(count: int, unit: int) -> None:
    assert parse_count(written_count(count * unit)) == count * unit


def test_defaults_are_written_as_they_were() -> None:
    assert [written_count(count) for count in (6_000_000, 250_000, 1234)] == ["6M", "250k", "1234"]


@pytest.mark.parametrize("text", ["", "0", "-3", "six", "inf", "nan", "k"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not a count"):
        parse_count(text)


def test_help_needs_no_torch() -> None:
    program = (
        "import sys, workbench.cli; assert not {'torch', 'numba', 'pandas', 'streamlit'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
