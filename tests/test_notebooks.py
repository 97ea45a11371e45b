"""Every cell of every notebook runs on the small study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.study import Study

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "docs" / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(
    notebook: Path, why_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]).replace("artifacts/studies/docstrings", str(why_study.path))
            exec(compile(source, f"{notebook.name}", "exec"), names)
    assert "nDCG@10" in capsys.readouterr().out
