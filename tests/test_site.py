"""The documentation says what the project is: its pages are made from it, and every link leads somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from workbench.markup.glossary import SECTIONS
from workbench.verbs.registry import VERBS

TOP = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """The module that makes pages of the site."""
    spec = importlib.util.spec_from_file_location("site_hooks", TOP / "docs" / "site_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_verb_and_every_option_is_on_the_page_of_commands(hooks: ModuleType) -> None:
    text = "\n".join(hooks.commands())
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [verb.name for verb in VERBS]
    assert "`--tokens`" in text
    assert "`--json`" in text


def test_every_statistic_is_on_the_page_of_numbers(hooks: ModuleType) -> None:
    text = "\n".join(hooks.numbers())
    for entries in SECTIONS.values():
        for entry in entries:
            assert hooks._cell(entry.meaning) in text


def test_links_lead_to_pages_from_wherever_they_stand(hooks: ModuleType) -> None:
    assert hooks.within_site("[how](../CONTRIBUTING.md#a)", Path()) == "[how](contributing.md#a)"
    assert hooks.within_site("[how](../../CONTRIBUTING.md)", Path("guides")) == "[how](../contributing.md)"
    assert hooks.within_site("[own](own.md)", Path("guides")) == "[own](own.md)"
    assert hooks.within_site("[code](../pyproject.toml)", Path()) == "code (`pyproject.toml`)"


def test_each_question_of_the_gallery_has_a_picture_a_page_a_verb_and_a_call() -> None:
    """And each of them is there: the picture's file, the verb of that name, the function behind the call."""
    questions = (TOP / "docs" / "gallery.md").read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(questions) >= 12
    for question in questions:
        (picture,) = re.findall(r"\]\((pictures/[a-z]+\.png)\)", question)
        assert (TOP / "docs" / picture).is_file()
        assert re.search(r"\bPages? \*|own page;", question), question
        verbs = re.findall(r"`workbench ([a-z-]+)", question)
        assert verbs, question
        assert {verb.name for verb in VERBS} >= set(verbs)
        calls = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?:`|\()", question)
        assert calls or verbs == ["paper"], question
        for module, _, function in (call.rpartition(".") for call in calls):
            assert callable(getattr(import_module(module), function))


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len((TOP / "README.md").read_bytes()) <= 6 * 1024


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs mkdocs-material and mkdocstrings")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "--quiet",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=TOP,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    for page in ("index", "commands/index", "numbers/index", "notebooks/why/index", "api/why/index"):
        assert (tmp_path / "site" / f"{page}.html").is_file()
