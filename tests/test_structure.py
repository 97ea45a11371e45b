"""Folders that say what they are for: what others may use, and how much a folder, a file and a function hold."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from retrieval.systems import SYSTEMS

REPOSITORY = Path(__file__).resolve().parent.parent
ROOTS = ("data", "sae", "retrieval", "analyses", "workbench", "benchmarks")
LONGEST_FILE, LONGEST_FUNCTION, MOST_MODULES = 300, 60, 12

# What is longer, and why; an entry that is no longer needed fails, so that the lists only shrink.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
# Modules of analyses without an underscore that only their own folder uses.
UNMARKED: dict[str, str] = {}
# Places where the formatter is told to leave code alone, at most.
SKIPS: dict[str, int] = {}


@cache
def sources() -> dict[str, str]:
    """Path, from the repository's root, of each Python file of ROOTS -> its text."""
    files = (file for root in ROOTS for file in sorted((REPOSITORY / root).glob("**/*.py")))
    return {file.relative_to(REPOSITORY).as_posix(): file.read_text(encoding="utf-8") for file in files}


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is imported anywhere in a file; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: str) -> Iterator[tuple[str, int]]:
    """path:name and lines of each function of a file, methods and inner functions too."""
    for node in ast.walk(ast.parse(sources()[path])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield f"{path}:{node.name}", node.end_lineno - node.lineno + 1


def public(folder: str) -> list[str]:
    """`__all__` of a package, as it is written."""
    tree = ast.parse(sources()[f"{folder}/__init__.py"])
    found = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    ]
    assert len(found) == 1, f"{folder} does not name what others may use: expected one __all__"
    return list(found[0])


def modules(root: str) -> dict[str, list[str]]:
    """Folder -> names of its modules, of each folder below a root that holds any."""
    found: dict[str, list[str]] = {}
    for path in sources():
        folder, _, name = path.rpartition("/")
        if folder.startswith(f"{root}/") and name != "__init__.py":
            found.setdefault(folder, []).append(name.removesuffix(".py"))
    return found


@pytest.mark.parametrize("folder", modules("analyses"))
def test_a_folder_of_analyses_says_what_it_is_for_and_what_others_may_use(folder: str) -> None:
    assert len(ast.get_docstring(ast.parse(sources()[f"{folder}/__init__.py"])) or "") > 40
    unmarked = {name for name in modules("analyses")[folder] if f"{folder}/{name}.py" in UNMARKED}
    without_underscore = {name for name in modules("analyses")[folder] if not name.startswith("_")}
    assert set(public(folder)) == without_underscore - unmarked


def test_others_use_only_what_a_folder_of_analyses_names() -> None:
    wrong = []
    for path, text in sources().items():
        for name in imported(ast.parse(text)):
            module = name.replace(".", "/")
            folder, _, last = module.rpartition("/")
            if not module.startswith("analyses/") or f"{module}.py" not in sources():
                continue
            if not path.startswith(f"{folder}/") and last not in public(folder):
                wrong.append(f"{path} imports {name}")
    assert not wrong


@pytest.mark.parametrize("root", ["analyses", "workbench"])
def test_a_folder_is_taken_in_at_one_sight(root: str) -> None:
    sizes = {folder: len(names) for folder, names in modules(root).items()}
    assert {folder: size for folder, size in sizes.items() if size > MOST_MODULES} == {}


def test_there_is_room_where_the_first_recipe_puts_its_files_and_its_line() -> None:
    recipe = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = set(re.findall(r"`((?:analyses|workbench)/[a-z_/]+)/evenness\.py`", recipe))
    assert len(folders) == 5
    sizes = {
        folder: len(names) for root in ("analyses", "workbench") for folder, names in modules(root).items()
    }
    assert {folder: sizes[folder] for folder in folders if sizes[folder] >= MOST_MODULES} == {}
    assert len(sources()["workbench/contents.py"].splitlines()) + 12 <= LONGEST_FILE


def test_no_file_is_long_but_the_named_ones() -> None:
    long = {path for path, text in sources().items() if len(text.splitlines()) > LONGEST_FILE}
    assert long == set(LONG_FILES)


def test_no_function_is_long_but_the_named_ones() -> None:
    long = {name for path in sources() for name, lines in functions(path) if lines > LONGEST_FUNCTION}
    assert long == set(LONG_FUNCTIONS)


def test_the_formatter_decides() -> None:
    skips: Counter[str] = Counter()
    for path, text in sources().items():
        skips[path.partition("/")[0]] += text.count("# fmt: skip")
    assert {root: count for root, count in skips.items() if count > SKIPS.get(root, 0)} == {}


# What is written where: the lists themselves, and the names that studies of an older format use.
LISTS = ("retrieval/systems/", "retrieval/vocabularies/", "retrieval/migration.py")
# Systems whose names are also measures' names, or words.
WORDS = {"latent", "cosine", "maxsim"}


def test_a_system_is_named_once_and_then_taken_from_the_list() -> None:
    names = set(SYSTEMS) - WORDS
    written = {
        (path, node.value)
        for path in sources()
        if not path.startswith((*LISTS, "benchmarks/"))
        for node in ast.walk(ast.parse(sources()[path]))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert "bm25" in names
    assert written == set()
