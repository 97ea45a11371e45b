"""Every cell of every notebook runs on the small study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.study import Study

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "docs" / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow
# what each prints, among the rest
SHOWN = {
    "why": "nDCG@10",
    "explained_ranking": "SmallestSet",
    "own_text": "score",
    "tables": "per_query.parquet",
}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    notebook: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    study: Study = request.getfixturevalue("why_study" if notebook.stem == "why" else "tiny_study")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace("artifacts/studies/docstrings", str(study.path))
            exec(compile(source, f"{notebook.name}", "exec"), names)
    assert SHOWN[notebook.stem] in capsys.readouterr().out
