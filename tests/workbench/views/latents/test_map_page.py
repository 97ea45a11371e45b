"""The map page and its verb, on the small study: PCA with an offer, then the UMAP with its quality."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from analyses.latents.types import write_types
from one_page import buttons, html_of, opened
from retrieval.study import Study
from workbench.jobs.job_folder import Request, create
from workbench.verbs.read import map as map_verb
from workbench.views.latents.map import latents_of
from workbench.views.latents.map_method import makes_the_map


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A copy to write into, which the page opens."""
    shutil.copytree(tiny_study.path, tmp_path / "mapped")
    monkeypatch.setattr(sys, "argv", ["app", str(tmp_path / "mapped")])
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    return Study.open(tmp_path / "mapped")


def test_customdata_comes_as_a_dict_or_a_list() -> None:
    points: list[dict[str, object]] = [
        {"customdata": {"0": 7.0, "1": 3}},
        {"customdata": [9.0, 1]},
        {"x": 1},
        {"customdata": [7.0]},
    ]
    assert latents_of(points) == [7, 9]


def test_without_a_map_the_page_shows_a_pca_and_offers_the_umap(study: Study) -> None:
    app = opened("map", latent="3")
    assert buttons(app) == ["Make the UMAP"]
    assert "This is a PCA" in html_of(app)
    assert "Ringed: " in html_of(app)
    assert "#3, and its nearest by decoder direction" in html_of(app)
    assert "map?study=mapped&amp;latent=" in html_of(app)
    assert "of each latent&#x27;s 10 nearest" not in html_of(app).lower()
    app.toggle[0].set_value(True).run()
    assert "of each latent&#x27;s 10 nearest" in html_of(app).lower()
    assert app.get("plotly_chart")


def test_a_job_that_makes_the_map_stands_in_place_of_the_offer(study: Study) -> None:
    place = str(study.path.resolve())
    for argv in (["complete", "elsewhere"], ["types", place]):
        assert not makes_the_map(argv, study)
    folder, lock = create(Request(["complete", place], place, "Map and controls", "app", 0.0))
    app = opened("map")  # the job's lock is held here: it lives
    assert not buttons(app)
    assert f"job={folder.name}" in html_of(app)
    os.close(lock)
    app.run()
    assert buttons(app) == ["Make the UMAP"]


@pytest.mark.parametrize("latent", ["none", "99999", ""])
def test_an_address_without_such_a_latent_rings_none(study: Study, latent: str) -> None:
    assert "Ringed" not in html_of(opened("map", latent=latent))


def test_colour_by_type_is_offered_once_types_are_kept(study: Study) -> None:
    app = opened("map")
    assert "Type" not in app.button_group[0].options
    assert "see the page Types" in html_of(app)
    write_types(study)
    app.run()
    assert "Type" in app.button_group[0].options
    assert "see the page Types" not in html_of(app)


@pytest.mark.slow
def test_the_verb_makes_the_map_that_the_page_shows(
    study: Study, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # UMAP itself is run by tests/analyses/latents/test_map.py: importing it takes longer than all of this
    monkeypatch.setattr("analyses.latents.map.umap_map", lambda directions, start, seed: start)
    map_verb.run(study.path, seed=1, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["method"], told["seed"]) == ("umap", 1)
    assert [row["map"] for row in told["quality"]] == ["umap", "pca", "shuffled"]
    app = opened("map")
    assert not buttons(app)
    assert "<td>UMAP</td>" in html_of(app)
    assert any("seed 1" in caption.value for caption in app.caption)
