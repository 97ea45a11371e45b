"""Findings on paper: offline, escaped whatever a title says, and a notebook whose code gives its output again."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from analyses.labels.findings import Finding, build_of, findings, pin, table_json
from data.csv_text import csv_of
from retrieval.study import Study
from workbench.findings import exports
from workbench.findings.exports import EXPORTS
from workbench.findings.markdown_zip import markdown, plain
from workbench.findings.notebook import notebook
from workbench.findings.offline_html import offline_html
from workbench.findings.pictures import chart_json, figure_of
from workbench.findings.printed import Printed, printed, with_pictures

HOSTILE = "</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) `x` | *b* \u202e"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(2)</script></svg>'


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two groups of findings: one hostile in every text, one of an older build, one with a call."""
    study = Study(tmp_path / "shown", {"sae": {"fingerprint": "an SAE", "n_latents": 9}, "created": "now"})
    study.path.mkdir()
    table = table_json(pd.DataFrame({HOSTILE: [HOSTILE, "=1+1"], "n": [1.5, float("nan")]}))
    chart = chart_json(go.Figure(go.Bar(x=[1], y=[HOSTILE])))
    build = build_of(study)
    bad = Finding("laws", {"q": HOSTILE}, HOSTILE, build, HOSTILE, HOSTILE, chart=chart, table=table, rows=2)
    good = Finding(
        "overview", {}, "Good", build, python="table = __import__('pandas').DataFrame({'a': [1, 2]})\n"
    )
    pin(study, bad, "ada")
    pin(
        study,
        replace(good, table=table_json(pd.DataFrame({"a": [1, 2]})), rows=2, command="workbench x"),
        "ada",
    )
    pin(study, replace(bad, id="0" * 32, title="Old", build="older", chart="", picture="", rows=5_000), "ada")
    return study


class Tags(HTMLParser):
    """The tags and attributes that a browser would see, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def drawn_as(study: Study, picture: str) -> list[Printed]:
    return [
        replace(one, finding=replace(one.finding, picture=picture if one.finding.chart else ""))
        for one in printed(study)
    ]


def test_the_html_with_pictures_runs_no_script_and_asks_nobody(study: Study) -> None:
    page = read(offline_html(study, drawn_as(study, SVG)))
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith(("data:", "#")) for name, value in page.attributes if name in ("src", "href"))
    assert "default-src 'none'" in dict(page.attributes)["content"] or "script-src" not in str(
        page.attributes
    )
    assert "onerror=alert(1)" in page.words  # shown as text
    assert page.words.count("another build of the study") == 1
    assert "and 4,998 more rows" in page.words


def test_without_a_browser_the_html_draws_the_charts_itself(study: Study) -> None:
    text = offline_html(study, printed(study))
    page = read(text)
    assert page.tags.count("script") == 3  # plotly, one chart, and what draws it
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    found = re.search(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert HOSTILE.split("<img")[0] not in found.group(1)
    assert "onerror" in json.loads(found.group(1))["data"][0]["y"][0]


def test_the_markdown_shows_every_text_as_it_is(study: Study) -> None:
    text = markdown(study, drawn_as(study, SVG))
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert "<" not in outside
    assert not re.search(r"(?<!\\)\]\((?!pictures/|tables/)", outside)
    assert "![" in outside
    (row,) = [line for line in outside.splitlines() if line.startswith("| ") and "1\\.5" in line][:1]
    assert len(re.findall(r"(?<!\\)\|", row)) == 3
    for one in ("a_b*c", "1. x", "# h", "<b>&amp;"):
        assert "<" not in plain(one)


def test_the_zip_has_each_picture_and_table_under_a_plain_name(study: Study) -> None:
    pin(
        study,
        Finding("map", {}, "../../etc/passwd", "b", table=table_json(pd.DataFrame({"x": ["=1"]}))),
        "ada",
    )
    packed = exports.markdown_zip(study, drawn_as(study, SVG))
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        names = archive.namelist()
        assert all(re.fullmatch(r"(pictures/|tables/)?[a-z0-9-]+\.(md|svg|csv|json)", name) for name in names)
        for one in printed(study):
            table = archive.read(f"tables/{one.name}.csv").decode()
            assert table == csv_of(one.finding.frame())
        linked = re.findall(r"\((pictures/[^)]+|tables/[^)]+)\)", archive.read("findings.md").decode())
        assert set(linked) <= set(names)


def test_the_notebook_is_of_its_format_and_its_code_gives_its_output_again(study: Study) -> None:
    value = json.loads(notebook(study, drawn_as(study, SVG)))
    check_notebook(value)
    code = [cell for cell in value["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)) == [1, 2, 3]
    for cell, one in zip(code, printed(study), strict=True):
        names: dict[str, Any] = {}
        exec(cell["source"], names)
        pd.testing.assert_frame_equal(names["table"], one.finding.frame(), check_dtype=False)
        (html,) = [o["data"]["text/html"] for o in cell["outputs"] if o["output_type"] == "execute_result"]
        assert "<img" not in html
        assert html == names["table"].head(20).to_html(escape=True, border=0)
    for cell in value["cells"]:
        if cell["cell_type"] == "markdown":
            assert "<" not in re.sub(r"```.*?```", "", cell["source"], flags=re.DOTALL)


def check_notebook(value: dict[str, Any]) -> None:
    """What the schema of nbformat 4.5 asks of a notebook."""
    assert (value["nbformat"], value["nbformat_minor"]) == (4, 5)
    assert set(value) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert {"name", "display_name"} <= set(value["metadata"]["kernelspec"])
    ids = [cell["id"] for cell in value["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in value["cells"]:
        assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell["id"])
        assert isinstance(cell["source"], str)
        common = {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "markdown":
            assert set(cell) == common
            continue
        assert set(cell) == common | {"execution_count", "outputs"}
        for output in cell["outputs"]:
            extra = {"execution_count"} if output["output_type"] == "execute_result" else set()
            assert set(output) == {"output_type", "data", "metadata"} | extra
            assert output["output_type"] in ("execute_result", "display_data")


def test_pictures_are_drawn_once_and_kept(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def draw(charts: list[str]) -> list[bytes]:
        asked.append(len(charts))
        return [SVG.encode() for _ in charts]

    monkeypatch.setattr("workbench.findings.printed.drawn", draw)
    for _ in range(2):
        with_pictures(study, printed(study))
    assert asked == [1]
    assert [bool(finding.picture) for finding in findings(study)] == [True, False, False]


def test_a_chart_on_paper_has_no_link_of_the_app() -> None:
    chart = go.Figure(go.Bar(x=[1, 2], y=["<a href='latent?latent=1'>one</a>", "<b>two</b>"]))
    again = figure_of(chart_json(chart))
    assert list(again.data[0].y) == ["one", "<b>two</b>"]
    assert chart.data[0].y[0].startswith("<a")


@pytest.mark.slow
def test_the_verb_lists_lets_out_and_takes_in(
    tiny_study: Study,
    tmp_path: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.findings.printed.may", lambda action: False)  # no browser for pictures
    home, away = (Path(shutil.copytree(tiny_study.path, tmp_path / name)) for name in ("home", "away"))
    assert command("findings", home) == 0
    assert "Nothing is pinned" in capsys.readouterr().out
    study = Study.open(home)
    kept = pin(study, Finding("laws", {"q": "x"}, "\x1b[31mred", build_of(study), note="mine"), "ada")
    assert command("findings", home, "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["note"], listed["outdated"], listed["parameters"]) == ("mine", False, {"q": "x"})
    for one in EXPORTS:
        assert command("findings", home, "--export", tmp_path / f"out.{one.ending}") == 0
        assert (tmp_path / f"out.{one.ending}").stat().st_size > 100
    assert command("findings", home, "--export", tmp_path / "out.txt") == 2
    assert command("findings", away, "--import", tmp_path / "out.json") == 0
    assert findings(Study.open(away)) == [kept]
    other = (tmp_path / "out.json").read_text().replace('"mine"', '"other"')
    (tmp_path / "other.json").write_text(other)
    assert command("findings", away, "--import", tmp_path / "other.json") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert command("findings", away, "--import", tmp_path / "other.json", "--overwrite") == 0
    assert [finding.note for finding in findings(Study.open(away))] == ["other"]
    assert command("check", away) == 0
