"""The page on laws and its verbs, on the small study: what is chosen is in the address, what is fitted is kept."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analyses.laws import laws
from analyses.vocabularies.control_counts import write_queries
from analyses.vocabularies.vocabularies import MEASURES
from one_page import buttons, html_of, opened
from retrieval.study import Study
from workbench.page import links


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to write into, whose bootstraps are short."""
    shutil.copytree(tiny_study.path, tmp_path / "spoken")
    monkeypatch.setattr(sys, "argv", ["app", str(tmp_path / "spoken")])
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    whole = laws.laws_of
    few = {"n_bootstrap": 5, "n_rival_bootstrap": 2}
    monkeypatch.setattr(laws, "laws_of", lambda *given, **named: whole(*given, **named, n_halves=20, **few))
    return tmp_path / "spoken"


def test_the_page_offers_the_job_and_then_reads(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(
        "workbench.page.work.offer.jobs.start", lambda argv, title: started.append(list(argv))
    )
    app = opened("laws", count="tokens")
    assert buttons(app) == ["Fit them"]
    assert "It takes about" in html_of(app)
    next(button for button in app.button if button.label == "Fit them").click().run()
    assert started == [["laws", str(study.resolve()), "--by", "tokens"]]
    laws.write_laws(Study.open(study))
    app = opened("laws")
    assert links.parse(links.href("laws")) == ("laws", {})
    assert app.get("plotly_chart")
    html = html_of(app)
    assert "a power law" in html.lower()
    assert "Results for the words" in html
    assert buttons(app) == ["Count them"]
    fits = app.dataframe[0].value
    assert {"Latents", "Words", "Wordpieces"} == set(fits["Vocabulary"])
    assert "Least squares (naive)" in set(fits["Law"])
    assert opened("laws", law="zipf_mandelbrot").get("plotly_chart")


@pytest.mark.parametrize(
    "address",
    [
        {"count": "tokens"},
        {"count": "activation", "law": "lognormal"},
        {"over": "queries"},
        {"count": "?", "over": "nowhere", "law": "none"},
    ],
)
def test_every_choice_is_in_the_address(study: Path, address: dict[str, str]) -> None:
    count = next((one for one in MEASURES if one == address.get("count")), "documents")
    over = "queries" if address.get("over") == "queries" else "documents"
    if over == "queries":
        write_queries(Study.open(study))
    laws.write_laws(Study.open(study), count, over)
    app = opened("laws", **address)
    assert app.get("plotly_chart")
    known = {"count": "documents", "over": "documents", "law": "power_law"}
    wanted = {
        **known,
        **{key: value for key, value in address.items() if value not in ("?", "nowhere", "none")},
    }
    assert chosen(app) == wanted
    for key, value in wanted.items():  # a default is left out of the address
        assert dict(app.query_params).get(key, [known[key]]) in (value, [value])


def chosen(app: AppTest) -> dict[str, str]:
    """What the three controls stand at."""
    count, over = (group.value for group in app.button_group[:2])
    return {"count": count, "over": over, "law": app.selectbox[0].value}


def test_the_verb_gives_an_object_a_vocabulary(
    study: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    csv = study.parent / "fits.csv"
    assert command("vocabulary", study, "--controls", "--json", "--csv", csv) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert {"latents", "words", "wordpieces", "random_directions", "random_encoder"} <= set(told)
    for system in ("latents", "words", "wordpieces", "sample", "random_directions", "random_encoder"):
        assert 0 < told[system]["heaps"]["exponent"] < 1.5
    power = told["latents"]["fits"][0]
    assert power["law"] == "power_law"
    assert 0 < power["p_value"] <= 1
    assert power["parameters"]["exponent"]["low"] < power["parameters"]["exponent"]["high"]
    assert {pair["test"][:5] for pair in told["latents"]["comparisons"]} == {"chi-s", "Vuong"}
    assert len(pd.read_csv(csv)) > 20
    assert command("vocabulary", study) == 0
    assert "below 0.1 a law is ruled out" in capsys.readouterr().out
    assert "is kept" not in html_of(opened("laws", over="documents"))
    assert command("vocabulary", study, "--by", "letters") == 2
    assert "expected documents, tokens, activation" in capsys.readouterr().err
    assert command("learned-sparse", study, "--model", str(study)) == 2
    assert "could not be loaded" in capsys.readouterr().err
