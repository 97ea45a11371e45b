"""Findings: kept whoever writes, ordered, deleted and brought back, and the same after they went out and in."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.labels.findings import (
    MOST_ROWS,
    Finding,
    build_of,
    change,
    delete,
    findings,
    keep_picture,
    last_deleted,
    move,
    n_findings,
    pin,
    pin_again,
    restore,
    table_json,
)
from analyses.labels.findings_json import findings_to_json, import_findings, read_findings
from analyses.labels.latent_notes import LatentNote, annotate, latent_note
from data.errors import UserError
from retrieval.study import Study
from workbench.caches.cache import key_of

CHART = '{"data": [{"type": "bar", "y": [1, 2.5]}], "layout": {}}'
any_text = st.text(max_size=40).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text))
one = st.builds(
    Finding,
    page=st.sampled_from(["overview", "laws"]),
    parameters=st.dictionaries(any_text, any_text, max_size=2),
    title=any_text,
    build=any_text,
    note=any_text,
    section=any_text,
    python=any_text,
    command=any_text,
    chart=st.sampled_from(["", CHART]),
    table=st.builds(
        lambda values: table_json(pd.DataFrame({"word": values, "x": range(len(values))})),
        st.lists(any_text | st.none(), max_size=3),
    ),
    rows=st.integers(0, 9),
)


def study_in(folder: Path, **manifest: object) -> Study:
    folder.mkdir(parents=True, exist_ok=True)
    return Study(folder, {"sae": {"fingerprint": "an SAE", "n_latents": 100}, **manifest})


def pinned(study: Study, title: str) -> Finding:
    finding = Finding("laws", {"law": "zipf"}, title, build_of(study), chart=CHART)
    return pin(study, finding, "ada")


def titles(study: Study) -> list[str]:
    return [finding.title for finding in findings(study)]


@settings(max_examples=25)
@given(some=st.lists(one, max_size=4))
def test_what_goes_out_comes_in_the_same(
    tmp_path_factory: pytest.TempPathFactory, some: list[Finding]
) -> None:
    home, away = (study_in(tmp_path_factory.mktemp("exchange") / "same") for _ in range(2))
    for finding in some:
        pin(home, finding, "ada")
    exported = findings_to_json(home)
    assert import_findings(away, read_findings(away, exported)) == len(some)
    assert findings(away) == findings(home)
    assert findings_to_json(away) == exported
    again = read_findings(away, exported)
    assert (len(again.new), len(again.same), len(again.overwriting)) == (0, len(some), 0)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        "{",
        "[]",
        '{"format": "latent-notes"}',
        '{"format": "latent-findings", "version": 2}',
        '{"format": "latent-findings", "version": 1, "findings": {}}',
        '{"format": "latent-findings", "version": 1, "findings": [3]}',
        '{"format": "latent-findings", "version": 1, "findings": [{"page": "laws"}]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_holds_no_findings_is_one_sentence(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(UserError) as refusal:
        read_findings(study_in(tmp_path), content)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("page", "javascript:alert(1)"),
        ("page", 3),
        ("id", "../x"),
        ("parameters", {"q": 1}),
        ("parameters", {"q": "half \ud800"}),
        ("python", "half \ud800"),
        ("title", None),
        ("chart", [1]),
        ("table", {"columns": ["a"], "rows": [[1, 2]]}),
        ("table", {"columns": ["a"], "rows": [[{}]]}),
        ("rows", -1),
        ("time", "now"),
        ("time", float("nan")),
        ("note", "x" * 20_001),
        ("unknown", 1),
    ],
)
def test_a_damaged_finding_is_refused_with_the_place_and_nothing_of_its_file_kept(
    tmp_path: Path, name: str, wrong: object
) -> None:
    study = study_in(tmp_path)
    pinned(study, "whole")
    file = json.loads(findings_to_json(study))
    file["findings"] = [file["findings"][0], {**file["findings"][0], "id": "0" * 32, name: wrong}]
    with pytest.raises(UserError):
        read_findings(study_in(tmp_path / "empty"), json.dumps(file))


def test_tabs_that_pin_at_once_lose_nothing(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    failures: list[Exception] = []

    def tab(number: int) -> None:
        try:
            for each in range(5):
                pinned(Study(study.path, study.manifest), f"{number} {each}")
                annotate(study, [LatentNote(number, f"label {each}")], "bob")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=tab, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(titles(study)) == sorted(f"{number} {each}" for number in range(6) for each in range(5))
    assert [titles(study).index(f"3 {each}") for each in range(5)] == sorted(
        titles(study).index(f"3 {each}") for each in range(5)
    )
    assert latent_note(study, 5).label == "label 4"


def test_a_change_over_a_change_that_was_not_seen_is_refused(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    seen = pinned(study, "first")
    change(study, seen, note="of one tab")
    with pytest.raises(UserError, match="changed meanwhile"):
        change(study, seen, note="of another")
    assert change(study, seen, section="Laws").note == "of one tab"  # another field is free
    delete(study, seen)
    with pytest.raises(UserError, match="deleted meanwhile"):
        change(study, seen, title="late")


def test_order_is_the_readers_and_deleting_is_undone_to_the_same_place(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    a, b, c = (pinned(study, title) for title in "abc")
    move(study, c, -1)
    assert titles(study) == ["a", "c", "b"]
    move(study, a, -1)
    move(study, a, 99)
    assert titles(study) == ["c", "b", "a"]
    delete(study, b)
    delete(study, c)
    assert (titles(study), n_findings(study)) == (["a"], 1)
    for expected in (["c", "a"], ["c", "b", "a"]):
        gone = last_deleted(study)
        assert gone is not None
        restore(study, gone)
        assert titles(study) == expected
    assert last_deleted(study) is None
    with pytest.raises(UserError):
        restore(study, b)


def test_another_build_is_another_fingerprint_and_pinning_again_is_todays(tmp_path: Path) -> None:
    study = study_in(tmp_path, created="monday")
    old = change(study, pinned(study, "a"), note="mine")
    keep_picture(study, old, "<svg/>")
    rebuilt = study_in(tmp_path, created="tuesday", files={"added": ["part"]})
    assert build_of(rebuilt) != findings(rebuilt)[0].build
    assert build_of(study_in(tmp_path, created="tuesday")) == build_of(
        rebuilt
    )  # a part more is no other build
    today = Finding("ladder", {}, "other", build_of(rebuilt), chart=CHART.replace("2.5", "3"), rows=7)
    pin_again(rebuilt, old, today)
    (now,) = findings(rebuilt)
    assert (now.build, now.rows, now.picture) == (build_of(rebuilt), 7, "")
    assert (now.title, now.note, now.page, now.id) == ("a", "mine", "laws", old.id)
    keep_picture(rebuilt, old, "<svg>of the old chart</svg>")
    assert findings(rebuilt)[0].picture == ""


def test_the_fingerprint_is_that_of_the_apps_cache(tiny_study: Study) -> None:
    assert build_of(tiny_study) == key_of(tiny_study.path).digest


def test_a_table_is_kept_bounded_and_as_it_was(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [0.1 + 0.2, float("nan"), 1e-300] + [1.0] * MOST_ROWS, "é": "<b>"})
    kept = pin(study_in(tmp_path), Finding("laws", {}, "t", "b", table=table_json(table)), "ada").frame()
    assert len(kept) == MOST_ROWS
    assert kept["x"].isna().tolist()[:3] == [False, True, False]
    assert kept["x"][0] == pytest.approx(0.1 + 0.2, abs=1e-15)
    assert kept["é"][0] == "<b>"


def test_a_letter_changed_on_disk_is_noticed(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    pinned(study, "a")
    with sqlite3.connect(study.path / "notes.sqlite") as notes:
        notes.execute("update findings set title = 'b'")
    with pytest.raises(UserError, match="damaged"):
        findings(study)


def test_too_large_a_chart_leaves_the_table(tmp_path: Path) -> None:
    huge = replace(
        Finding("map", {}, "m", "b", table=table_json(pd.DataFrame({"a": [1]}))), chart="x" * 4_000_001
    )
    kept = pin(study_in(tmp_path), huge, "ada")
    assert (kept.chart, len(kept.frame())) == ("", 1)
