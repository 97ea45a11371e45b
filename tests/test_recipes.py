"""The recipes of CONTRIBUTING.md, followed to the letter on a copy of the packages: what they promise is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.study import Study

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("data", "sae", "retrieval", "analyses", "workbench")
NEW = {  # file of the recipe -> name of its entry, the list, and the line before the new one
    "retrieval/systems/shortest_first.py": ("SHORTEST_FIRST", "retrieval/systems/__init__.py", "LEXICAL,"),
    "retrieval/vocabularies/trigrams.py": ("TRIGRAMS", "retrieval/vocabularies/__init__.py", "STEMS,"),
}
PAPER = """
title = "Toys"
seeds = [0]
[[encoders]]
name = "MiniLM"
model = "minilm"
max_length = 32
[[saes]]
name = "own text"
text = "limit:40"
distinct_tokens = 1000
n_tokens = 2048
n_latents = 32
k = 4
batch_size = 256
[[collections]]
source = "limit:40"
name = "limit"
queries = 10
[controls]
random_encoder = false
random_directions = false
"""
PAGE = """
import sys
from pathlib import Path
sys.argv = ["app", sys.argv[1]]
from streamlit.testing.v1 import AppTest

def script():
    from workbench.page import frame, links, selection
    selection.arrive()
    frame.guarded(frame.view(links.PAGES["systems"]).page)

app = AppTest.from_function(script, default_timeout=240).run()
print(" ".join(element.proto.body for element in app.get("html")))
"""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages with the toy system and the toy vocabulary of CONTRIBUTING.md."""
    copy = tmp_path_factory.mktemp("grown")
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, copy / package)  # with what numba has compiled
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path, (entry, listed_in, after) in NEW.items():
        recipe = text[text.index(f"`{path}`:") :]
        code, line = re.findall(r"```(?:python|text)\n(.*?)```", recipe, re.DOTALL)[:2]
        assert line.strip() == f"{entry},"
        (copy / path).write_text(code, encoding="utf-8")
        register = copy / listed_in
        before, found, rest = register.read_text(encoding="utf-8").partition(f" {after}")
        while found and "import" in before.rpartition("\n")[2]:  # the list, not an import
            more, found, rest = rest.partition(f" {after}")
            before += f" {after}{more}"
        assert found, f"{listed_in} has no line with {after}"
        module = path.removesuffix(".py").replace("/", ".")
        start = "from __future__ import annotations\n"
        before = before.replace(start, f"{start}\nfrom {module} import {entry}\n", 1)
        register.write_text(f"{before} {after}\n        {entry},{rest}", encoding="utf-8")
    return copy


def run(grown: Path, *arguments: object) -> str:
    """What a Python process with the grown packages prints."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=grown,
        env=os.environ | {"PYTHONPATH": str(grown), "WORKBENCH_ARTIFACTS": str(grown / "artifacts")},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def study(grown: Path, tiny_study: Study) -> Path:
    """A study made before the toys were there, and completed with them."""
    shutil.copytree(tiny_study.path, grown / "studies" / "tiny")
    script = (
        "import sys; from retrieval.study import Study; from workbench.making.part import make_parts;"
        "from workbench.making.parts import PARTS;"
        "make_parts(Study.open(sys.argv[1]), [PARTS['text_vocabularies'], PARTS['evaluation']])"
    )
    run(grown, "-c", script, grown / "studies" / "tiny")
    return grown / "studies" / "tiny"


@pytest.mark.slow
def test_toys_are_evaluated_and_shown(grown: Path, study: Path) -> None:
    means = json.loads(run(grown, "-m", "workbench.cli", "evaluate", study, "--json"))
    assert {"latent", "shortest_first", "trigrams"} <= set(means)
    assert means["trigrams"]["nDCG@10"] > 0.3 > means["shortest_first"]["nDCG@10"]
    found = json.loads(
        run(grown, "-m", "workbench.cli", "search", study, "sort", "--system", "trigrams", "--json")
    )
    assert len(json.dumps(found)) > 50
    (grown / "systems_page.py").write_text(PAGE, encoding="utf-8")
    page = run(grown, "systems_page.py", study)
    assert "Shortest first" in page
    assert "BM25 over character trigrams" in page


@pytest.mark.slow
def test_toys_stand_in_a_papers_table(grown: Path) -> None:
    (grown / "toys.toml").write_text(PAPER, encoding="utf-8")
    out = grown / "figures"
    run(grown, "-m", "workbench.cli", "paper", "--config", "toys.toml", "--only", "retrieval", "--out", out)
    table = (out / "retrieval.md").read_text(encoding="utf-8")
    assert "Shortest first" in table
    assert "BM25 over character trigrams" in table
