"""A cell of the ladder opened as a study: its own queries rank as in the cell, typed ones too or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from analyses.why.ladder.ladder import ladder
from analyses.why.ladder.making import write_ladder
from analyses.why.ladder.names import (
    AS_THEY_ARE,
    CONTEXT_ALONE,
    DRAWN,
    KMEANS,
    LAYER_0,
    NEAREST,
    SHUFFLED_ANY,
    TEXT,
    TRAINED,
    WORDPIECE_MEAN,
    WORDPIECE_MEANS,
    can_open,
    cell_folder,
)
from analyses.why.ladder.opening import cell_study
from data.errors import UserError
from data.wordpiece_means import WordpieceMeans
from retrieval.study import Study

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("states", "dictionary"),
    [(WORDPIECE_MEAN, TRAINED), (CONTEXT_ALONE, WORDPIECE_MEANS), (LAYER_0, DRAWN), (AS_THEY_ARE, NEAREST)],
)
def test_kept_queries_rank_as_in_the_cell_and_typed_ones_are_encoded_as_they_were(
    why_study: Study, states: str, dictionary: str, tmp_path: Path
) -> None:
    opened = Study.open(cell_study(why_study, states, dictionary, tmp_path / "cell").path)
    kept = ladder(why_study)
    assert kept is not None
    cell = kept.cell(states, dictionary)
    assert cell is not None
    assert opened.evaluation["latent"]["nDCG@10"] == pytest.approx(cell["nDCG@10"], abs=1e-12)
    assert opened.index.n_postings / len(opened.corpus) == cell["postings_per_document"]
    np.testing.assert_array_equal(opened.vectors, why_study.vectors)
    typed = opened.encode(opened.queries.texts[0])
    alone, in_batch = typed.counts.toarray(), opened.query_counts[[0]].toarray()
    np.testing.assert_allclose(alone, in_batch, rtol=1e-3, atol=1e-4)  # as a text rounds beside others
    states_of = opened.encoder.describe().get("states", {}).get("name", AS_THEY_ARE)
    assert states_of == (states if states in (WORDPIECE_MEAN, CONTEXT_ALONE) else AS_THEY_ARE)


def test_a_typed_query_is_refused_where_one_text_does_not_have_the_states(
    why_study: Study, tmp_path: Path
) -> None:
    opened = Study.open(cell_study(why_study, SHUFFLED_ANY, WORDPIECE_MEANS, tmp_path / "cell").path)
    kept = ladder(why_study)
    assert kept is not None
    cell = kept.cell(SHUFFLED_ANY, WORDPIECE_MEANS)
    assert cell is not None
    assert opened.evaluation["latent"]["nDCG@10"] == pytest.approx(cell["nDCG@10"], abs=1e-12)
    with pytest.raises(UserError, match="choose one of its own queries"):
        opened.encode("any other text")


def test_what_is_no_vocabulary_of_its_own_is_refused(why_study: Study, tmp_path: Path) -> None:
    for states, dictionary in ((AS_THEY_ARE, TRAINED), (TEXT, "wordpieces"), (AS_THEY_ARE, "no such")):
        with pytest.raises(UserError):
            cell_study(why_study, states, dictionary, tmp_path / "cell")
    assert not can_open(AS_THEY_ARE, TRAINED)
    assert can_open(CONTEXT_ALONE, TRAINED)
    assert cell_folder(why_study, SHUFFLED_ANY, TRAINED).name == (
        f"{why_study.name}-trained-SAE-on-shuffled-context-any-token"
    )


def test_a_ladder_of_matched_postings_replaces_the_other_and_opens_with_its_k(
    why_study: Study, tmp_path: Path
) -> None:
    shutil.copytree(why_study.path, tmp_path / "tiny")
    study = Study.open(tmp_path / "tiny")
    write_ladder(study, match_postings=True)
    kept = ladder(study)
    assert kept is not None
    assert kept.matched
    own, cell = kept.cell(AS_THEY_ARE, TRAINED), kept.cell(AS_THEY_ARE, KMEANS)
    assert own is not None
    assert cell is not None
    assert cell["k"] != own["k"]
    before = ladder(why_study)
    assert before is not None
    plain = before.cell(AS_THEY_ARE, KMEANS)
    assert plain is not None
    wanted = own["postings_per_document"]
    assert abs(cell["postings_per_document"] - wanted) < abs(plain["postings_per_document"] - wanted)
    assert any("k is chosen" in sentence for sentence in kept.sentences())
    opened = cell_study(study, AS_THEY_ARE, KMEANS, tmp_path / "cell")
    assert opened.sae.k == cell["k"]
    assert opened.evaluation["latent"]["nDCG@10"] == pytest.approx(cell["nDCG@10"], abs=1e-12)


def test_means_survive_being_saved_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    n_tokens, overall = np.array([3, 0, 1]), generator.standard_normal(4).astype(np.float32)
    mean = generator.standard_normal((3, 4)).astype(np.float32)
    mean[1] = overall
    means = WordpieceMeans(mean, n_tokens, overall, 0.25)
    means.save(tmp_path / "states")
    again = WordpieceMeans.open(tmp_path / "states")
    assert again.fingerprint == means.fingerprint
    assert again.explained == 0.25
    np.testing.assert_array_equal(again.n_tokens, n_tokens)
    (tmp_path / "states" / "mean.npy").write_bytes(b"")
    with pytest.raises(UserError, match="damaged"):
        WordpieceMeans.open(tmp_path / "states")
