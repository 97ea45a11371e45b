"""The whole ladder on the small study: its known cells are the study's own, and it resumes to the same numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.why.ladder.dictionaries import DICTIONARIES
from analyses.why.ladder.ladder import CELLS, WORK, Ladder, ladder, ladder_is_kept
from analyses.why.ladder.making import write_ladder
from analyses.why.ladder.names import AS_THEY_ARE, MEAN_OF_DOCUMENTS, SHUFFLED_ANY, TRAINED, WORDPIECE_MEAN
from analyses.why.ladder.states import STATES
from analyses.why.ladder.stores import Stores
from analyses.why.scoring import scoring
from data.activations import write_store
from data.progress import Progress
from retrieval.evaluate import evaluate
from retrieval.queries import study_queries
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL, rank

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(why_study: Study) -> Study:
    return why_study


@pytest.fixture(scope="module")
def made(study: Study) -> Ladder:
    kept = ladder(study)
    assert kept is not None
    return kept


def test_every_row_has_every_dictionary(made: Ladder) -> None:
    untrained = set(DICTIONARIES) - {TRAINED, "frozen decoder"}
    for states in STATES:
        found = set(made.cells.loc[made.cells["states"] == states, "dictionary"])
        assert found >= set(DICTIONARIES) if states != SHUFFLED_ANY else found
    for states in ("layer 0", "random encoder"):
        assert set(made.cells.loc[made.cells["states"] == states, "dictionary"]) >= untrained
    assert not made.cells[["nDCG@10", "low", "high", "R@100", "minus_cosine"]].isna().any(axis=None)


def test_the_trained_sae_on_states_as_they_are_is_the_study_itself(made: Ladder, study: Study) -> None:
    cell = made.cell(AS_THEY_ARE, TRAINED)
    assert cell is not None
    queries = study_queries(study)
    for name, system in (("nDCG@10", LATENT), ("nDCG@10_lucene", LATENT_LUCENE_IDF)):
        run = rank(study, queries, system.name, 100)
        assert cell[name] == pytest.approx(evaluate(run, study.qrels)["nDCG@10"].mean(), abs=1e-12)
    found = evaluate(rank(study, queries, LATENT.name, 100), study.qrels)
    assert cell["R@100"] == pytest.approx(found["R@100"].mean(), abs=1e-12)
    own = made.per_query[
        (made.per_query["states"] == AS_THEY_ARE) & (made.per_query["dictionary"] == TRAINED)
    ].set_index("query_id")["nDCG@10"]
    np.testing.assert_allclose(own, found["nDCG@10"].loc[own.index], atol=1e-12)
    assert cell["minus_sae"] == 0
    assert cell["postings_per_document"] == study.index.n_postings / len(study.corpus)


def test_differences_are_of_the_means(made: Ladder, study: Study) -> None:
    cosine = evaluate(rank(study, study_queries(study), COSINE.name, 100), study.qrels)["nDCG@10"].mean()
    own = made.cell(AS_THEY_ARE, TRAINED)
    assert own is not None
    for row in made.cells.to_dict("records"):
        assert row["minus_sae"] == pytest.approx(row["nDCG@10"] - own["nDCG@10"], abs=1e-12)
        assert row["minus_cosine"] == pytest.approx(row["nDCG@10"] - cosine, abs=1e-12)
        assert row["low"] <= row["nDCG@10"] <= row["high"]


def test_rows_of_the_text_are_the_studys_baselines(made: Ladder, study: Study) -> None:
    row = made.cell("the text itself", LEXICAL.title)
    assert row is not None
    found = evaluate(rank(study, study_queries(study), LEXICAL.name, 100), study.qrels)
    assert row["nDCG@10"] == pytest.approx(found["nDCG@10"].mean(), abs=1e-12)


def test_factors_of_bm25_sum_to_what_they_add_and_the_studys_are_its_scoring(
    made: Ladder, study: Study
) -> None:
    added = made.factors.groupby("dictionary")["value"].sum()
    cells = made.cells[made.cells["states"] == AS_THEY_ARE].set_index("dictionary")
    assert set(added.index) == set(DICTIONARIES)
    gained = (cells["nDCG@10"] - cells["no_factor"]).loc[added.index]
    np.testing.assert_allclose(added, gained, atol=1e-12)
    own = made.factors[made.factors["dictionary"] == TRAINED].set_index("factor")[["value", "low", "high"]]
    kept = scoring(study)
    assert kept is not None
    expected = kept.rows("latents", "factor").set_index("name")[["value", "low", "high"]]
    np.testing.assert_allclose(own.loc[expected.index], expected, atol=1e-12)


def test_without_context_a_latent_fires_on_fewer_wordpieces(made: Ladder) -> None:
    shares = made.cells.set_index(["states", "dictionary"])["wordpiece_share"]
    assert shares[WORDPIECE_MEAN, "k-means, nearest only"] >= shares[AS_THEY_ARE, "k-means, nearest only"]
    assert shares.dropna().between(0, 1).all()


def test_json_has_the_agreed_keys(made: Ladder) -> None:
    record = json.loads(json.dumps(made.to_dict()))[0]
    assert {"states", "dictionary", "nDCG@10", "R@100", "low", "high", "postings_per_document"} <= set(record)
    assert set(record["minus_sae"]) == set(record["minus_cosine"]) == {"difference", "low", "high", "p"}


def test_an_interrupted_ladder_ends_the_same_with_means_of_another_text_beside(
    made: Ladder, study: Study, tmp_path: Path
) -> None:
    """What does not depend on the text of the means is as it is without an interruption and without that text."""
    folder, source = tmp_path / "tiny", {"name": "part", "fingerprint": "0" * 16}
    shutil.copytree(study.path, folder)
    shutil.rmtree(folder / "why")
    other = write_store(tmp_path / "store", study.encoder, list(study.corpus.texts[:40]), source)
    again = Study.open(folder)

    def until(stop: str) -> Progress:
        def progress(stage: str, done: int, total: int) -> None:
            if stage == stop:
                raise KeyboardInterrupt

        return progress

    for stage in ("Latents of the documents, own states", "Rank by every dictionary, own states"):
        with pytest.raises(KeyboardInterrupt):
            write_ladder(again, until(stage), lambda: Stores(training_text=other))
        assert not (folder / "why" / CELLS).exists()
    assert not ladder_is_kept(again)
    write_ladder(again, find=lambda: Stores(training_text=other))
    assert ladder_is_kept(again)
    assert not (folder / "why" / WORK).exists()
    kept = ladder(again)
    assert kept is not None
    assert kept.facts["fitted_to"] == "part"
    assert kept.serves(text="0" * 16)
    assert not kept.serves(text="1" * 16)  # another text is not ignored
    assert not kept.serves(match_postings=True)
    assert 0 < kept.facts["unseen"] < 1
    here, own = kept.cell(MEAN_OF_DOCUMENTS, TRAINED), made.cell(WORDPIECE_MEAN, TRAINED)
    assert here is not None
    assert own is not None
    assert here["nDCG@10"] == own["nDCG@10"]
    assert any("means of the documents" in sentence for sentence in kept.sentences())
    rows, columns = ["layer 0", "random encoder", "the text itself"], ["nDCG@10", "R@100", "wordpiece_share"]
    same = [
        table[table["states"].isin(rows)].set_index(["states", "dictionary"])[columns]
        for table in (kept.cells, made.cells)
    ]
    pd.testing.assert_frame_equal(*same)
