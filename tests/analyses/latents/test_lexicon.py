"""The lexicon: vocabulary and types in one table, found by filters, and the same after it was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.labels.latent_notes import LatentNote, with_notes
from analyses.latents.frequency_bands import band_names
from analyses.latents.latent_table import compute_vocabulary
from analyses.latents.lexicon import NOTED, lexicon, matching, on_word, ranked, tags_of, write_table
from analyses.latents.regions import latent_words
from analyses.latents.types import TypeThresholds, latent_types, type_measures
from analyses.text.word_table import word_table
from data.csv_text import plain
from data.errors import UserError
from retrieval.study import Study


@pytest.fixture(scope="module")
def table(tiny_study: Study) -> pd.DataFrame:
    vocabulary, measures = compute_vocabulary(tiny_study), type_measures(tiny_study)
    return lexicon(vocabulary, measures, TypeThresholds(), len(tiny_study.corpus))


def test_a_row_a_latent_most_frequent_first(tiny_study: Study, table: pd.DataFrame) -> None:
    assert sorted(table["latent"]) == list(range(tiny_study.n_latents))
    assert table["document_frequency"].is_monotonic_decreasing
    frequency = tiny_study.index.document_frequency
    np.testing.assert_array_equal(
        table["rank"], [1 + (frequency > one).sum() for one in frequency[table["latent"]]]
    )
    np.testing.assert_array_equal(table["alive"], frequency[table["latent"]] > 0)


def test_rows_are_those_of_the_types(tiny_study: Study, table: pd.DataFrame) -> None:
    by_latent = table.set_index("latent").sort_index()
    types = latent_types(tiny_study).set_index("latent")
    for name in ("type", "top_form", "top_form_share", "form_entropy"):
        pd.testing.assert_series_equal(by_latent[name], types[name], check_dtype=False)


def test_filters_split_the_table(tiny_study: Study, table: pd.DataFrame) -> None:
    assert len(matching(table)) == len(table)
    of_bands = [matching(table, band=band) for band in band_names(len(tiny_study.corpus))]
    assert sum(map(len, of_bands)) == len(table)
    of_types = [matching(table, types=[kind]) for kind in table["type"].unique()]
    assert sum(map(len, of_types)) == len(table)
    assert len(matching(table, alive="yes")) + len(matching(table, alive="no")) == len(table)
    assert (matching(table, alive="no")["type"] == "dead").all()


def test_filters_meet(table: pd.DataFrame) -> None:
    label = str(table["label"].iloc[0]).split(" · ")[0]
    found = matching(table, label.upper(), [str(table["type"].iloc[0])], str(table["band"].iloc[0]), "yes")
    assert table["latent"].iloc[0] in found["latent"].to_list()
    assert matching(found, label)["latent"].to_list() == found["latent"].to_list()
    number = str(table["latent"].iloc[3])
    assert int(number) in matching(table, number)["latent"].to_list()
    assert matching(table, "no(such[label*").empty


@pytest.mark.parametrize(("ending", "read"), [("parquet", pd.read_parquet), ("csv", None)])
def test_export_then_read_is_identity_but_for_formulas(
    table: pd.DataFrame, tmp_path: Path, ending: str, read: object
) -> None:
    path = tmp_path / f"vocabulary.{ending}"
    write_table(table, path)
    found = (
        pd.read_parquet(path)
        if read
        else pd.read_csv(path, keep_default_na=False, na_values={"closeness": "", "coherence": ""})
    )
    written = table if read else table.map(plain)  # a label such as "- · is" begins as a formula
    pd.testing.assert_frame_equal(found, written, check_dtype=False)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_ending_is_refused(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\.parquet or \.csv"):
        write_table(table, tmp_path / "vocabulary.xlsx")


def test_notes_are_found_by_their_words_their_tags_and_their_being(
    tiny_study: Study, table: pd.DataFrame
) -> None:
    notes = {5: LatentNote(5, "zebra crossing", ("odd one",)), 9: LatentNote(9, note="ask Ada")}
    vocabulary = with_notes(compute_vocabulary(tiny_study), notes)
    noted = lexicon(vocabulary, type_measures(tiny_study), TypeThresholds(), len(tiny_study.corpus))
    assert set(matching(noted, noted=NOTED)["latent"]) == {5, 9}
    assert matching(noted, noted="odd one")["latent"].tolist() == [5]
    assert matching(noted, noted="odd").empty
    for words in ("Zebra", "odd one"):
        assert matching(noted, words)["latent"].tolist() == [5]
    assert matching(noted, "ask ada")["latent"].tolist() == [9]
    assert tags_of(noted) == ["odd one"]
    assert 5 in set(matching(noted, str(noted.set_index("latent")["automatic_label"][5]))["latent"])


def test_a_text_ranks_latents_by_what_falls_on_it(tiny_study: Study, table: pd.DataFrame) -> None:
    words = latent_words(tiny_study, word_table(tiny_study))
    word = words.words[int(np.asarray(words.shares.sum(axis=0)).argmax())]
    share = on_word(words, word.upper())
    dense = words.shares.toarray()
    columns = [place for place, each in enumerate(words.words) if word in each]
    np.testing.assert_allclose(
        [share.get(latent, 0.0) for latent in range(len(dense))], dense[:, columns].sum(axis=1), atol=1e-12
    )
    found = ranked(matching(table, word, also=share), word, share)
    assert set(share) <= set(found["latent"])
    assert found["on_word"].is_monotonic_decreasing
    number = int(table["latent"].iloc[-1])
    assert ranked(table, str(number), share)["latent"].iloc[0] == number
    assert on_word(words, "") == on_word(words, "no such word anywhere") == {}
