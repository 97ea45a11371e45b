"""One import for notebooks: it does what the verbs do, and its objects show themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

import workbench
from analyses.attribution import score_breakdown
from data.errors import UserError
from retrieval.study import Study
from workbench.api import make

TEXTS = [
    f"The {animal} eats {food}." for animal in ("cat", "dog", "owl", "fox") for food in ("fish", "bread")
]


def test_every_public_name_is_there() -> None:
    assert set(workbench.api.__all__) | {"ASSETS"} == set(workbench.__all__)
    assert all(callable(getattr(workbench, name)) for name in workbench.api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        workbench.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_explain_and_compare_are_those_of_the_verbs_and_show_themselves(tiny_study: Study) -> None:
    query = tiny_study.queries.texts[0]
    first, second = tiny_study.search(query)["doc_id"][:2]
    explanation = workbench.explain(tiny_study, query, first)
    assert explanation.score == score_breakdown.explain(tiny_study, query, first).score
    assert f"<td>{explanation.breakdown['latent'][0]:,}</td>" in explanation._repr_html_()
    pair = workbench.compare(tiny_study, query, first, second)
    assert pair.first_leads
    assert "rank 1" in pair._repr_html_()
    assert "rank 2" in pair._repr_html_()


def test_a_study_a_latent_and_an_ablation_show_themselves(tiny_study: Study) -> None:
    latent = int(tiny_study.index.document_frequency.argmax())
    assert tiny_study.name in tiny_study._repr_html_()
    assert f"Latent {latent}" in workbench.latent(tiny_study, latent)._repr_html_()
    removed = workbench.ablate(tiny_study, [latent], n_controls=2)
    assert len(removed.controls) <= 2
    assert "nDCG@10 before" in removed._repr_html_()


def test_why_measures_an_aspect_and_says_it(why_study: Study) -> None:
    answer = workbench.why(why_study, "scoring")
    assert list(answer.answers) == ["scoring"]
    assert answer.sentences()["scoring"][0] in str(answer)
    assert len(answer["scoring"])
    assert "Scoring" in answer._repr_html_() or "scoring" in answer._repr_html_()


def test_from_texts_to_a_ranking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    options = {"latents": 32, "k": 2, "tokens": 600, "batch_size": 50, "max_length": 16}
    sae = workbench.train(TEXTS, tmp_path / "sae", **options)
    assert workbench.train(TEXTS, tmp_path / "sae", **options).fingerprint == sae.fingerprint
    study = workbench.index(tmp_path / "sae", TEXTS, tmp_path / "study")
    assert study.sae.fingerprint == sae.fingerprint
    assert study.search("the owl eats fish")["doc_id"][0] == "5"


def test_what_is_no_text_and_no_option_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give a list of str"):
        make.collection_of([1, 2])  # type: ignore[list-item]
    with pytest.raises(UserError, match="unknown training options colour"):
        workbench.train(TEXTS, tmp_path / "sae", colour=1)
