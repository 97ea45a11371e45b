"""A recipe's commands are ones that the command line takes, and its files stand where nothing stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from data.errors import UserError
from workbench.cli import app
from workbench.making.recipe import ARCHITECTURES, Recipe


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    return tmp_path


RECIPES = [
    Recipe(),
    Recipe(text="a folder/with spaces.jsonl", layer="3", index="docstrings"),
    Recipe(layer="blocks.4.hook_out", tokens="500k", seed=2, n_seeds=3, auxiliary=True, index="limit:50"),
    *(Recipe(architecture=name, name="mine") for name in ARCHITECTURES),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_command_line_takes_every_command(recipe: Recipe) -> None:
    verbs = typer.main.get_command(app).commands
    commands = list(recipe.commands())
    assert len(commands) == 1 + bool(recipe.index)
    parsed = [verbs[argv[0]].make_context(argv[0], argv[1:]).params for argv, _ in commands]
    assert parsed[0]["text"] == recipe.text
    assert parsed[0]["latents"] == recipe.latents
    assert [context["collection"] for context in parsed[1:]] == [recipe.index] * (len(commands) - 1)
    assert all(Path(argv[argv.index("--out") + 1]).name == Path(argv[-1]).name for argv, _ in commands)
    recipe.train_config, recipe.encoder_config  # noqa: B018


def test_the_index_reads_what_the_training_writes(folder: Path) -> None:
    train, index = (argv for argv, _ in Recipe(index="docstrings", name="mine").commands())
    assert train[-1] == index[index.index("--sae") + 1] == str(folder / "saes" / "mine")
    assert index[-1] == str(folder / "studies" / "mine")


def test_a_name_that_is_taken_is_told_and_the_default_evades_it(folder: Path) -> None:
    assert Recipe().default_name == "docstrings-8192-k16"
    (folder / "saes" / ".docstrings-8192-k16.training").mkdir(parents=True)
    (folder / "studies" / "docstrings-8192-k16-2").mkdir(parents=True)
    assert Recipe().default_name == "docstrings-8192-k16-3"
    with pytest.raises(UserError, match="is there already: choose another name"):
        list(Recipe(name="docstrings-8192-k16").commands())


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "-x", "a b", "a\n"])
def test_a_name_stays_in_its_folder(name: str) -> None:
    with pytest.raises(UserError, match="is not one"):
        list(Recipe(name=name).commands())
