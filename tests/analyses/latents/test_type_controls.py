"""Controls of the types, and the kept measures: what is read is what was measured."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyses.latents.forms import form_entropy, surface_forms
from analyses.latents.type_evidence.type_controls import (
    contexts_in,
    contexts_of,
    control_shares,
    random_contexts,
    type_controls,
    wordpiece_contexts,
    write_type_controls,
)
from analyses.latents.types import (
    TYPES,
    TypeThresholds,
    classify,
    measure,
    shares_by_threshold,
    stratified_sample,
    type_measures,
    types_are_kept,
    write_types,
)
from retrieval.study import Study


@pytest.fixture(scope="module")
def copy(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study in a folder of its own, to write into."""
    folder = tmp_path_factory.mktemp("types") / "copy"
    shutil.copytree(
        tiny_study.path, folder, ignore=shutil.ignore_patterns("types.parquet", "type_controls.parquet")
    )
    return replace(tiny_study, path=folder)


@pytest.fixture(scope="module")
def measures(copy: Study) -> pd.DataFrame:
    return type_measures(copy)


@pytest.fixture(scope="module")
def controls(copy: Study) -> pd.DataFrame:
    steps: list[tuple[str, int, int]] = []
    write_type_controls(copy, 60, progress=lambda *step: steps.append(step))
    assert {"Encode a sample", "Words of the latents"} == {stage for stage, _, _ in steps}
    kept = type_controls(copy)
    assert kept is not None
    return kept


def test_kept_measures_are_the_computed_ones(copy: Study, measures: pd.DataFrame) -> None:
    assert not types_are_kept(copy)
    write_types(copy)
    assert types_are_kept(copy)
    pd.testing.assert_frame_equal(type_measures(copy), measures, check_dtype=False)
    before = (copy.path / "types.parquet").stat().st_mtime_ns
    write_types(copy)
    assert (copy.path / "types.parquet").stat().st_mtime_ns == before


def test_measures_of_another_build_are_not_read(copy: Study) -> None:
    write_types(copy)
    rebuilt = replace(copy, manifest={**copy.manifest, "fingerprint": "another"})
    assert types_are_kept(copy)
    assert not types_are_kept(rebuilt)
    assert type_controls(rebuilt) is None


def test_entropy_is_that_of_a_plain_count(tiny_study: Study, measures: pd.DataFrame) -> None:
    forms = surface_forms(tiny_study)
    for latent in range(0, tiny_study.n_latents, 37):
        token, value = tiny_study.contexts.latent(latent)
        summed = np.bincount(forms.of_token[token], weights=value)
        parts = summed[summed > 0] / max(summed.sum(), 1e-12)
        assert measures["form_entropy"][latent] == pytest.approx(-(parts * np.log2(parts)).sum(), abs=1e-6)


def test_a_wordpiece_that_is_always_a_whole_word_is_lexical(
    tiny_study: Study, controls: pd.DataFrame
) -> None:
    """The law of the control: only pieces of several words, and special tokens, are not lexical."""
    pieces = controls[controls["control"] == "wordpieces"].set_index("latent")
    tokens, forms = tiny_study.tokens, surface_forms(tiny_study)
    n_forms = pd.Series(forms.of_token).groupby(np.asarray(tokens.token_ids)).nunique()
    special = np.unique(tokens.token_ids[tokens.spans[:, 0] == tokens.spans[:, 1]])
    whole = n_forms.index[n_forms == 1].difference(special)
    assert len(whole) > 500
    np.testing.assert_allclose(pieces.loc[whole, "top_form_share"], 1.0)
    np.testing.assert_allclose(pieces.loc[whole, "form_entropy"], 0.0, atol=1e-6)
    types = pd.Series(classify(pieces, TypeThresholds(fewest_tokens=1)), pieces.index)
    assert (types[whole] == "lexical").all()
    assert (pieces.loc[special, "top_form_share"] == 0).all()
    others = types.index[~types.isin(["lexical", "dead"])].difference(special)
    assert (n_forms[others] > 1).all()
    assert len(others) < len(whole)


def test_a_wordpiece_fires_on_its_own_tokens(tiny_study: Study) -> None:
    contexts, ids = wordpiece_contexts(tiny_study), np.asarray(tiny_study.tokens.token_ids)
    assert contexts.ptr[-1] == len(ids)
    for piece in np.unique(ids)[::97]:
        np.testing.assert_array_equal(contexts.latent(int(piece))[0], np.flatnonzero(ids == piece))


def test_a_sample_of_every_document_is_the_study(tiny_study: Study) -> None:
    whole = contexts_in(tiny_study, np.arange(len(tiny_study.corpus)))
    np.testing.assert_array_equal(whole.ptr, tiny_study.contexts.ptr)
    np.testing.assert_array_equal(whole.token, tiny_study.contexts.token)
    few = contexts_in(tiny_study, np.array([5, 2]))
    assert set(tiny_study.tokens.document_of(few.token)) == {2, 5}
    assert (few.value > 0).all()


def test_turning_tokens_round_gives_the_studys_contexts(tiny_study: Study) -> None:
    tokens = tiny_study.tokens
    found = contexts_of(
        np.arange(len(tokens.token_ids)),
        np.asarray(tokens.indices),
        np.asarray(tokens.activations),
        tiny_study.n_latents,
    )
    for name in ("ptr", "token", "value"):
        np.testing.assert_array_equal(getattr(found, name), getattr(tiny_study.contexts, name))


def test_random_directions_fire_k_times_on_each_token_of_the_sample(tiny_study: Study) -> None:
    documents = np.array([7, 3, 11])
    contexts = random_contexts(tiny_study, documents, seed=1)
    count = np.bincount(contexts.token, minlength=len(tiny_study.tokens.token_ids))
    assert set(tiny_study.tokens.document_of(np.flatnonzero(count))) == set(documents)
    assert count.max() <= tiny_study.sae.k
    again = random_contexts(tiny_study, documents, seed=1)
    np.testing.assert_array_equal(contexts.token, again.token)
    assert not np.array_equal(random_contexts(tiny_study, documents, seed=2).token, contexts.token)


def test_shares_of_controls_sum_to_one(tiny_study: Study, controls: pd.DataFrame) -> None:
    shares = control_shares(controls, TypeThresholds())
    assert list(shares) == ["sample", "random_directions", "wordpieces"]
    for table in shares.values():
        assert table["share"].sum() == pytest.approx(1.0)
    pieces = shares["wordpieces"].set_index("type")["share"]
    assert pieces.idxmax() == "lexical"
    assert set(controls["n_documents"]) == {60, len(tiny_study.corpus)}


def test_shares_move_one_way_with_each_threshold(measures: pd.DataFrame) -> None:
    curves = shares_by_threshold(measures, TypeThresholds(), 11)
    for (threshold, kind), line in curves.groupby(["threshold", "type"]):
        if kind == threshold or (kind == "narrow" and threshold == "closeness"):
            assert line["share"].is_monotonic_decreasing
        elif kind == "broad" or threshold == "lexical":
            assert line["share"].is_monotonic_increasing
    sums = curves.groupby(["threshold", "value"])["share"].sum()
    np.testing.assert_allclose(sums, 1.0)


def test_a_sample_holds_as_many_of_each_type_where_there_are() -> None:
    types = np.array(["lexical"] * 50 + ["narrow"] * 3 + ["broad"] * 40 + ["dead"] * 9)
    sample = stratified_sample(types, 10, seed=4)
    assert len(set(sample)) == len(sample) == 23
    assert {kind: int((types[sample] == kind).sum()) for kind in TYPES} == {
        "lexical": 10,
        "narrow": 3,
        "broad": 10,
    }
    np.testing.assert_array_equal(sample, stratified_sample(types, 10, seed=4))
    assert types[sample].tolist() != sorted(types[sample], key=list(TYPES).index)


def test_measuring_a_studys_own_contexts_is_measuring_its_latents(
    tiny_study: Study, measures: pd.DataFrame
) -> None:
    pd.testing.assert_frame_equal(measure(tiny_study, tiny_study.contexts), measures, check_dtype=False)


def test_entropy_of_nothing_is_zero(tmp_path: Path, tiny_study: Study) -> None:
    nowhere = contexts_in(tiny_study, np.array([], np.int64))
    assert (form_entropy(nowhere, surface_forms(tiny_study)) == 0).all()
