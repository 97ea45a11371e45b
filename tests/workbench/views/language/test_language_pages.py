"""The pages that ask whether the vocabulary is a language, and their verbs, on the small study."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from data.files import write_json
from one_page import html_of, opened
from own_study import rewrite
from retrieval.study import Study
from workbench.page import links

PAGES = ("growth", "frequency-bands", "length", "polysemy", "compare-collections")


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to write into, which the pages open alone."""
    shutil.copytree(tiny_study.path, tmp_path / "spoken")
    monkeypatch.setattr(sys, "argv", ["app", str(tmp_path / "spoken")])
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    return tmp_path / "spoken"


@pytest.fixture
def beside(study: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes one more study, with parts of its manifest changed, which the pages open too."""

    def make(name: str, **changes: dict[str, object]) -> Path:
        other = study.with_name(name)
        shutil.copytree(study, other)
        rewrite(other, fingerprint=name, **changes)
        monkeypatch.setattr(sys, "argv", [*sys.argv, str(other)])
        return other

    return make


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_an_address_and_opens(study: Path, page: str) -> None:
    app = opened(page)
    assert links.parse(links.href(page)) == (page, {})
    assert ("Only one study" in html_of(app)) == (page == "compare-collections")
    if page != "compare-collections":
        assert app.get("plotly_chart")
        assert not opened(page).exception  # now from what it keeps


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("growth", "zz-last"),
        ("compare-collections", "aa-first"),
        ("saes", "zz-last"),
        ("overview", "aa-first"),
    ],
)
def test_a_broken_study_beside_healthy_ones_closes_no_page(
    study: Path, monkeypatch: pytest.MonkeyPatch, page: str, name: str
) -> None:
    for number, damaged in enumerate(["{", "[]", '{"format": 2}', '{"format": 2, "collection": []}']):
        (study.parent / f"{name}-{number}").mkdir()
        (study.parent / f"{name}-{number}" / "study.json").write_text(damaged)
    monkeypatch.setattr(sys, "argv", ["app", str(study.parent)])
    app = opened(page)
    assert not app.error
    if page != "overview":
        assert f"{name}-0: {study.parent / f'{name}-0' / 'study.json'} is not valid JSON" in html_of(app)
        damaged = study.parent / f"{name}-2" / "study.json"
        assert f"{name}-2: {damaged} is damaged: fingerprint: field required" in html_of(app)


@pytest.mark.parametrize("page", ["frequency-bands", "length"])
def test_without_judgements_a_page_says_what_it_cannot(study: Path, page: str) -> None:
    write_json(study / "qrels.json", {})
    assert "no relevance judgements" in html_of(opened(page))


def test_growth_without_siblings_says_so_and_with_them_compares(
    study: Path, beside: Callable[..., Path]
) -> None:
    assert "the only open study of this collection" in html_of(opened("growth"))
    assert (study / "heaps.parquet").is_file()
    beside("wider", sae={"n_latents": 600})
    beside("elsewhere", collection={"fingerprint": "else"})
    html = html_of(opened("growth"))
    assert "wider" in html
    assert "elsewhere" not in html


def test_what_goes_is_in_the_address_and_is_said(study: Path) -> None:
    app = opened("frequency-bands", prune="tail", where="scoring", share="0.5")
    assert "Without the rarest 50%" in html_of(app)
    app.select_slider[0].set_value(0.1).run()
    assert not app.exception
    assert app.query_params["share"] in ("0.1", ["0.1"])
    assert "Without the rarest 10%" in html_of(app)
    assert "latent?study=spoken" in html_of(app)


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("frequency-bands", {"share": "much", "prune": "x", "where": "nowhere"}),
        ("length", {"b": "nan"}),
        ("polysemy", {"measure": "?"}),
    ],
)
def test_an_address_that_means_nothing_is_the_default(
    study: Path, page: str, address: dict[str, str]
) -> None:
    app = opened(page, **address)
    assert app.get("plotly_chart")
    assert not set(app.query_params) & set(address)


def test_collections_say_what_can_be_compared(study: Path, beside: Callable[..., Path]) -> None:
    beside("same")
    beside("trained", sae={"fingerprint": "other"})
    beside("foreign", sae={"fingerprint": "other"}, encoder={"fingerprint": "other"})
    assert "tested one by one" in html_of(opened("compare-collections"))
    assert "paired by decoder direction" in html_of(opened("compare-collections", against="trained"))
    foreign = html_of(opened("compare-collections", against="foreign"))
    assert "have no counterpart in the other" in foreign
    assert "latent?study" not in foreign


def test_verbs_give_json_and_csv(
    study: Path, beside: Callable[..., Path], command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    other, csv = beside("same"), study.parent / "table.csv"

    def told(*arguments: object) -> dict[str, object]:
        assert command(*arguments, "--json", "--csv", csv) == 0
        said = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
        assert len(pd.read_csv(csv)) > 0
        return dict(said)

    assert set(told("growth", study)["heaps"]) == {"latents", "words", "wordpieces"}  # type: ignore[call-overload]
    assert len(told("growth", study, other)["studies"]) == 2  # type: ignore[arg-type]
    assert set(told("head", study)) == {"bands", "curve"}
    assert told("head", study, "--share", "0.1", "--prune", "tail")["n_latents"] > 0  # type: ignore[operator]
    assert set(told("length", study, "--b", "0.4")) >= {
        "correlations",
        "retrieval",
        "saturation",
        "repetition",
    }
    assert set(told("meaning", study)) == {"law", "specificity"}
    assert told("shift", study, other)["n_over_a"] == 0
    assert command("head", study, "--prune", "body") == 2
    assert "expected head or tail" in capsys.readouterr().err
