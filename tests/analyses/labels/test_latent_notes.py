"""Notes on latents: kept whoever writes, undone step by step, and the same after they went out and came in."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.labels.latent_notes import (
    LatentNote,
    annotate,
    latent_note,
    latent_notes,
    notes_version,
    undo,
    undoable,
    with_notes,
)
from analyses.labels.note_text import LONGEST, clean_label, clean_note, clean_tags
from analyses.labels.notes_json import import_notes, notes_from_json, notes_to_json, read_import
from analyses.latents.type_evidence.judgements import judge_latent
from data.errors import UserError
from retrieval.study import Study

any_text = st.text(max_size=60).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text))
note = st.builds(
    LatentNote,
    latent=st.integers(0, 99),
    label=any_text,
    tags=st.lists(st.text(alphabet="abc ,İß\u202e", max_size=8), max_size=3).map(tuple),
    note=any_text,
)
some_notes = st.lists(note, max_size=6, unique_by=lambda each: each.latent)


def study_in(folder: Path, sae: str = "an SAE") -> Study:
    return Study(folder, {"sae": {"fingerprint": sae, "n_latents": 100}})


def say(study: Study, latent: int, label: str, writer: str = "ada") -> int:
    batch = annotate(study, [replace(latent_note(study, latent), label=label)], writer)
    assert batch is not None
    return batch.batch


@settings(max_examples=200)
@given(each=note)
def test_cleaning_twice_is_cleaning_once(each: LatentNote) -> None:
    label, tags, text = clean_label(each.label), clean_tags(each.tags), clean_note(each.note)
    assert (clean_label(label), clean_tags(tags), clean_note(text)) == (label, tags, text)
    assert "\n" not in label
    assert not any("," in tag or not tag for tag in tags)
    assert len({tag.casefold() for tag in tags}) == len(tags)


def test_text_is_kept_as_it_is_but_for_control_characters() -> None:
    assert clean_label("  a\tb\x00c \u202eתו\u202c ") == "a b c תו"
    assert clean_note("one\r\n  two  \n\n<b>\x1b[31m\n\n") == "one\n  two\n\n<b> [31m"
    assert clean_tags(["Verbs, past", "verbs", " x  y "]) == ("past", "verbs", "x y")


@pytest.mark.parametrize(
    "wrong",
    [
        LatentNote(100, "a"),
        LatentNote(-1, "a"),
        LatentNote(3, "x" * (LONGEST["label"] + 1)),
        LatentNote(3, tags=("y" * (LONGEST["tag"] + 1),)),
        LatentNote(3, note="half \ud800"),
    ],
)
def test_what_is_no_note_is_refused_and_nothing_of_its_company_kept(
    tmp_path: Path, wrong: LatentNote
) -> None:
    with pytest.raises(UserError):
        annotate(study_in(tmp_path), [LatentNote(1, "fine"), wrong], "ada")
    assert latent_notes(study_in(tmp_path)) == {}


def test_a_note_is_kept_changed_and_taken_away(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    assert (latent_notes(study), notes_version(study), undoable(study, "ada")) == ({}, "", None)
    written = LatentNote(7, "negation", ("grammar", "maybe"), "fires on not\nand never")
    annotate(study, [written], "ada")
    assert latent_notes(study) == {7: written}
    assert latent_note(study, 7) == written
    version = notes_version(study)
    assert annotate(study, [written], "ada") is None
    assert notes_version(study) == version != ""
    annotate(study, [LatentNote(7)], "ada")
    assert latent_notes(study) == {}
    assert notes_version(study) != version


def test_another_file_in_its_place_has_another_version(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    say(study, 1, "a")
    version = notes_version(study)
    (tmp_path / "notes.sqlite").unlink()
    say(study, 1, "b")
    assert notes_version(study) != version


def test_notes_of_another_sae_do_not_count_and_stay(tmp_path: Path) -> None:
    say(study_in(tmp_path), 3, "mine")
    other = study_in(tmp_path, "another SAE")
    assert latent_notes(other) == {}
    assert undoable(other, "ada") is None
    say(other, 3, "theirs")
    assert latent_note(study_in(tmp_path), 3).label == "mine"
    with pytest.raises(UserError, match="no change"):
        undo(other, 1, "ada")


def test_undo_takes_back_ones_own_acts_one_by_one(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    say(study, 1, "a")
    say(study, 1, "b")
    annotate(study, [LatentNote(2, "c", ("t",), "n"), LatentNote(3, "d")], "ada")
    annotate(study, [LatentNote(4, "c", ("t",), "n")], "ada")
    say(study, 9, "bob's", "bob")
    seen = []
    while (last := undoable(study, "ada")) is not None:
        seen.append(last.summary)
        undo(study, last.batch, "ada")
    assert seen == [
        "label, tags and note of latent 4",
        "notes on 2 latents",
        "label of latent 1",
        "label of latent 1",
    ]
    assert latent_notes(study) == {9: LatentNote(9, "bob's")}


def test_undo_never_takes_a_later_word_with_it(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    first = say(study, 1, "a")
    second = say(study, 1, "b", "bob")
    with pytest.raises(UserError, match='has been changed since, to "b"'):
        undo(study, first, "ada")
    undo(study, second, "bob")
    undo(study, first, "ada")
    assert latent_notes(study) == {}
    with pytest.raises(UserError, match="undone already"):
        undo(study, first, "ada")


acts = st.lists(
    st.tuples(st.sampled_from(["ada", "bob"]), st.integers(0, 2), st.sampled_from(["", "x", "y", "undo"])),
    max_size=14,
)


@settings(max_examples=25)
@given(acts=acts)
def test_the_log_agrees_with_stacks(
    acts: list[tuple[str, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A model: each label a stack of (writer, batch, value); undo pops where the batch is on top."""
    study = study_in(tmp_path_factory.mktemp("log"))
    stacks: dict[int, list[tuple[str, int, str]]] = {0: [], 1: [], 2: []}
    for writer, latent, label in acts:
        if label == "undo":
            own = [(batch, where) for where, stack in stacks.items() for w, batch, _ in stack if w == writer]
            last = undoable(study, writer)
            assert (last.batch if last else None) == (max(own)[0] if own else None)
            if last is None:
                continue
            where = max(own)[1]
            if stacks[where][-1][1] == last.batch:
                undo(study, last.batch, writer)
                stacks[where].pop()
            else:
                with pytest.raises(UserError, match="changed since"):
                    undo(study, last.batch, writer)
        else:
            made = annotate(study, [LatentNote(latent, label)], writer)
            now = stacks[latent][-1][2] if stacks[latent] else ""
            assert (made is None) == (label == now)
            if made:
                stacks[latent].append((writer, made.batch, label))
        said = {where: stack[-1][2] for where, stack in stacks.items() if stack and stack[-1][2]}
        assert {where: each.label for where, each in latent_notes(study).items()} == said


def test_a_change_of_what_another_has_changed_is_refused(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    seen = {1: latent_note(study, 1)}
    say(study, 1, "theirs", "bob")
    with pytest.raises(UserError, match='changed meanwhile to "theirs"'):
        annotate(study, [LatentNote(1, "mine")], "ada", seen)
    annotate(study, [LatentNote(1, tags=("t",))], "ada", seen)  # another field: both stand
    assert latent_note(study, 1) == LatentNote(1, "theirs", ("t",))


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    study = study_in(tmp_path)

    def write(writer: str, first: int) -> None:
        for latent in range(first, first + 20):
            say(study, latent, writer, writer)
            judge_latent(study, latent, "broad", writer)

    writers = [threading.Thread(target=write, args=pair) for pair in (("ada", 0), ("bob", 20))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    labels = [each.label for each in latent_notes(study).values()]
    assert labels == ["ada"] * 20 + ["bob"] * 20


def test_exactly_one_of_two_that_saw_the_same_wins(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    seen = {5: latent_note(study, 5)}
    told: list[str] = []

    def write(label: str) -> None:
        try:
            annotate(study, [LatentNote(5, label)], label, seen)
        except UserError:
            told.append(label)

    writers = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(told) == 7
    assert latent_note(study, 5).label not in told


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.sqlite").write_text("no database, but long enough to look at" * 100)
    with pytest.raises(UserError, match="cannot be read as notes"):
        latent_notes(study_in(tmp_path))
    with pytest.raises(UserError, match="cannot be read as notes"):
        say(study_in(tmp_path), 1, "a")


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9])
def test_a_file_that_was_cut_short_is_not_an_empty_one(tmp_path: Path, share: float) -> None:
    for latent in range(40):
        say(study_in(tmp_path), latent, "a" * 100)
    path = tmp_path / "notes.sqlite"
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(UserError, match="import your last export"):
        latent_notes(study_in(tmp_path))
    with pytest.raises(UserError, match="import your last export"):
        say(study_in(tmp_path), 1, "b")


def test_a_file_with_judgements_alone_has_no_notes(tmp_path: Path) -> None:
    judge_latent(study_in(tmp_path), 1, "broad", "ada")
    assert latent_notes(study_in(tmp_path)) == {}
    with sqlite3.connect(tmp_path / "notes.sqlite") as kept:
        assert kept.execute("select count(*) from judgements").fetchone() == (1,)


@settings(max_examples=25)
@given(notes=some_notes)
def test_out_and_in_again_is_identity(
    notes: list[LatentNote], tmp_path_factory: pytest.TempPathFactory
) -> None:
    study, other = (study_in(tmp_path_factory.mktemp("notes")) for _ in range(2))
    annotate(study, notes, "ada")
    text = notes_to_json(study)
    given = read_import(other, text.encode())
    assert not given.overwriting
    import_notes(other, given, "bob")
    assert latent_notes(other) == latent_notes(study)
    assert json.loads(notes_to_json(other))["latents"] == json.loads(text)["latents"]
    again = read_import(other, text)
    assert (again.new, again.overwriting) == ((), ())
    assert import_notes(other, again, "bob") is None


def test_an_import_says_what_it_overwrites_leaves_the_rest_and_is_undone_whole(tmp_path: Path) -> None:
    study = study_in(tmp_path / "a")
    other = study_in(tmp_path / "b")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    annotate(study, [LatentNote(1, "one"), LatentNote(2, "two"), LatentNote(3, "three")], "ada")
    annotate(other, [LatentNote(2, "zwei"), LatentNote(3, "three"), LatentNote(4, "vier")], "ada")
    before = latent_notes(other)
    given = read_import(other, notes_to_json(study))
    assert given.summary == '1 new, 1 the same, 1 overwritten: latent 2 (label "zwei" becomes "two")'
    taken = import_notes(other, given, "ada")
    assert {latent: each.label for latent, each in latent_notes(other).items()} == {
        1: "one", 2: "two", 3: "three", 4: "vier",
    }  # fmt: skip
    assert taken is not None
    undo(other, taken.batch, "ada")
    assert latent_notes(other) == before


def test_an_import_does_not_overwrite_what_came_after_it_was_read(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    say(study, 1, "mine")
    given = read_import(study, notes_to_json(study).replace("mine", "theirs"))
    say(study, 1, "newer")
    with pytest.raises(UserError, match="changed meanwhile"):
        import_notes(study, given, "ada")
    assert latent_note(study, 1).label == "newer"


GOOD = {"format": "latent-notes", "version": 1, "sae": "an SAE", "latents": []}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no latent notes"),
        ('{"format": "other"}', "no latent notes"),
        (GOOD | {"version": 2}, "version 2, expected 1"),
        (GOOD | {"sae": "x", "study": "s"}, "another SAE"),
        (GOOD | {"latents": {}}, 'no list "latents"'),
        (GOOD | {"latents": ["a"]}, "entry 1"),
        (GOOD | {"latents": [{"latent": 1}, {"latent": True}]}, "entry 2 of this file is of latent True"),
        (GOOD | {"latents": [{"latent": 100}]}, "latent 100: expected a whole number from 0 to 99"),
        (GOOD | {"latents": [{"latent": 1}, {"latent": 1}]}, "stands twice"),
        (GOOD | {"latents": [{"latent": 1, "label": 2}]}, "expected text"),
        (GOOD | {"latents": [{"latent": 1, "tags": "a"}]}, "list of texts"),
        (GOOD | {"latents": [{"latent": 1, "lable": "a"}]}, "'lable' is unknown"),
        (GOOD | {"latents": [{"latent": 1, "label": "\ud800"}]}, "half a character"),
    ],
)
def test_a_broken_or_foreign_file_is_one_sentence_and_changes_nothing(
    tmp_path: Path, content: object, sentence: str
) -> None:
    study = study_in(tmp_path)
    say(study, 1, "kept")
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    with pytest.raises(UserError, match=sentence) as told:
        notes_from_json(study, text)
    assert "\n" not in str(told.value)
    assert latent_notes(study) == {1: LatentNote(1, "kept")}


def test_a_readers_label_takes_the_automatic_ones_place() -> None:
    vocabulary = pd.DataFrame({"latent": [0, 1, 2], "label": ["a", "b", ""]})
    named = with_notes(vocabulary, {1: LatentNote(1, "B", ("t", "u")), 2: LatentNote(2, note="silent?")})
    assert named["label"].tolist() == ["a", "B", ""]
    assert named["automatic_label"].tolist() == ["a", "b", ""]
    assert named["tags"].tolist() == ["", "t, u", ""]
    assert named["note"].tolist() == ["", "", "silent?"]
    assert vocabulary["label"].tolist() == ["a", "b", ""]
