"""The report of a paper and the page of its figures: all is shown, nothing is believed, every style printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from analyses.figures.style.print_style import Print, drawing, read_provenance
from data.errors import UserError
from one_page import html_of, opened
from workbench.caches import papers as cached_papers
from workbench.page import links
from workbench.page.browser import chromium
from workbench.paper.config import PaperConfig, read_config
from workbench.paper.item import Item, Made
from workbench.paper.output.manifest import known_papers, read_paper, write_manifest
from workbench.paper.output.report import write_report
from workbench.paper.output.tables import latex_figure
from workbench.paper.run import remembered, write_item
from workbench.views.paper.figures import zipped

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium to draw figures"),
]
HOSTILE = "<script>alert('1')</script> & \\input{x} \x07 <img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A paper of a figure and a table, whose every text is hostile."""
    home = tmp_path_factory.mktemp("paper")
    out = home / "figures"
    chart = go.Figure(go.Scatter(x=[1, 2, 3], y=[2, 1, 3], name=HOSTILE))
    table = pd.DataFrame({HOSTILE: [HOSTILE, "two"], "nDCG@10": [0.123456, 0.5]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(home / "artifacts"))
        config = read_config()
        made = {}
        with drawing():  # one at a time: tests open a browser of their own
            for name, drawn in (("idf", chart), ("retrieval", None)):
                item = Item(name, f"{name} {HOSTILE}", lambda evidence: Made(table, "", ()))
                provenance = {"format": 2, "item": name, "config": config.to_dict()}
                result = Made(table, f"Caption {HOSTILE}", (f"Fact {HOSTILE}",), chart=drawn, ratio=0.5)
                out.mkdir(exist_ok=True)
                made[name] = write_item(out, item, result, provenance)
        write_manifest(out, config, made, f"workbench paper {HOSTILE}", ["retrieval", "idf"])
        write_report(read_paper(out))
        yield out


def test_the_report_shows_everything_and_believes_nothing(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    tags = Tags(page)
    assert "script" not in tags.found
    assert not tags.handlers
    assert tags.found.count("img") == 1  # the figure's, and not the hostile one
    assert tags.found.count("table") == tags.found.count("section") == 2
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.index('id="retrieval"') < page.index('id="idf"')  # the paper's order, not that of making


def test_no_paper_is_told_calmly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    assert "No paper yet" in html_of(opened("figures"))
    with pytest.raises(UserError, match="holds no paper"):
        read_paper(tmp_path)
    (tmp_path / "paper.json").write_text("{}")
    with pytest.raises(UserError, match="not of this version"):
        read_paper(tmp_path)


def test_the_gallery_links_to_every_item(folder: Path) -> None:
    app = opened("figures", paper="gone", item="gone")
    html = html_of(app)
    tags = Tags(html)
    assert tags.found.count("img") == 1
    assert "script" not in tags.found
    for name in ("idf", "retrieval"):
        assert f"item={name}" in html
    assert app.query_params["paper"] == "figures"
    with ZipFile(BytesIO(zipped(read_paper(folder)))) as archive:
        assert {"report.html", "idf.pdf", "retrieval.tex"} <= set(archive.namelist())


def test_a_style_is_in_the_address_and_goes_with_its_item(folder: Path) -> None:
    app = opened("figures", paper="figures", item="idf")
    assert len(app.get("plotly_chart")) == 1
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert (chart["layout"]["width"], chart["layout"]["height"]) == (317, 158)
    app.slider[0].set_value(1.2).run()
    app.toggle[0].set_value(False).run()
    assert app.query_params["ratio"] == "1.2"
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["height"] == round(317 * 1.2)
    assert chart["layout"]["showlegend"] is False
    again = opened("figures", paper="figures", item="idf", ratio="1.2", wide="double", points="nothing")
    assert json.loads(again.get("plotly_chart")[0].proto.spec)["layout"]["height"] == round(658 * 1.2)
    assert not opened("figures", paper="figures", item="retrieval").get("plotly_chart")
    assert links.parse(links.href("figures", item="idf")) == ("figures", {"item": "idf"})


def test_another_style_is_drawn_and_says_how_to_make_it_again(folder: Path, tmp_path: Path) -> None:
    made, other = Print("column", 0.5), Print("double", 0.4, 9, legend=False)
    for kind in ("pdf", "svg", "png"):
        assert cached_papers.drawn(folder, "idf", made, kind) == (folder / f"idf.{kind}").read_bytes()
    (tmp_path / "new.png").write_bytes(cached_papers.drawn(folder, "idf", other, "png"))
    with Image.open(tmp_path / "new.png") as picture:
        assert picture.height / picture.width == pytest.approx(0.4, abs=0.002)
    config, item, style = remembered(tmp_path / "new.png")
    assert isinstance(config, PaperConfig)
    assert (item, style) == ("idf", other)
    before = read_provenance(folder / "idf.png")
    assert read_provenance(tmp_path / "new.png") == {**before, "print": vars(other)}


def test_latex_of_a_figure_is_one_environment(folder: Path) -> None:
    lines = latex_figure("idf", f"Caption {HOSTILE}\nline", "double").splitlines()
    assert lines[0] == r"\begin{figure*}"
    assert lines[-1] == r"\end{figure*}"
    assert len(lines) == 6
    assert r"\input" not in "".join(lines)
    assert known_papers() == {"figures": folder}
