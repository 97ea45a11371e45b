"""The built-in collection: docstrings of Python's standard library and of scientific packages.

Query: the first paragraph of a docstring. Document: the documented object's name and the rest of the docstring,
without that paragraph. Known-item qrels: the one relevant document of a query is the docstring it comes from.
Source files are parsed, never imported, so equal package versions give an equal collection.
"""

from __future__ import annotations

import ast
import platform
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from data.corpus import Collection, Corpus, Problem, Queries
from data.progress import StepProgress
from data.readers.records import with_title

PACKAGES = ("numpy", "scipy", "torch", "pandas")
SHORTEST_QUERY = 4  # words
SHORTEST_REST = 120  # characters
SKIPPED_FOLDERS = {"test", "tests", "testing", "idlelib", "lib2to3", "site-packages", "dist-packages"}
PUBLIC_IN_ALL_BUT_NAME = {"_core"}  # numpy's functions live in numpy._core


class Docstring(NamedTuple):
    """One docstring. name: qualified by the defining file, such as "scipy.optimize._minimize.minimize"."""

    name: str
    first_paragraph: str
    rest: str


def docstring_collection(progress: StepProgress | None = None) -> Collection:
    """The docstrings of the installed standard library, numpy, scipy, torch and pandas, in that order.

    Left out: private objects and tests, queries of under 4 words or of two documents, documents of under 120
    characters, and repeated docstrings (re-exports and overrides). progress: counts source files.
    """
    problems: list[Problem] = []
    roots = _roots()
    files = [(package, root, file) for package, root in roots.items() for file in _source_files(root)]
    docstrings: list[tuple[str, Docstring]] = []
    for done, (package, root, file) in enumerate(files, start=1):
        module = _module_name("" if package == "python" else package, file.relative_to(root))
        docstrings.extend((package, docstring) for docstring in _docstrings(file, module, problems))
        if progress is not None and (done % 50 == 0 or done == len(files)):
            progress(done, len(files))
    kept = _known_items(docstrings)
    names = tuple(docstring.name for _, docstring in kept)
    corpus = Corpus(names, tuple(with_title(item.rest, item.name) for _, item in kept), names)
    queries = Queries(names, tuple(item.first_paragraph for _, item in kept))
    card = {
        "source": "docstrings",
        "split": None,
        "versions": {
            name: platform.python_version() if name == "python" else version(name) for name in roots
        },
        "documents": dict(Counter(package for package, _ in kept)),
    }
    return Collection(
        "docstrings", corpus, queries, {name: {name: 1} for name in names}, tuple(problems), card
    )


def _roots() -> dict[str, Path]:
    """package -> folder of its sources; `find_spec` locates a top-level package without running it."""
    roots = {"python": Path(sysconfig.get_path("stdlib"))}
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            roots[package] = Path(spec.origin).parent
    return roots


def _source_files(root: Path) -> list[Path]:
    files = (file.relative_to(root) for file in root.rglob("*.py"))
    public = (file for file in files if not any(_skipped(folder) for folder in file.parts[:-1]))
    return [root / file for file in sorted(public, key=Path.as_posix) if not file.name.startswith("test_")]


def _skipped(folder: str) -> bool:
    return folder in SKIPPED_FOLDERS or (folder.startswith("_") and folder not in PUBLIC_IN_ALL_BUT_NAME)


def _module_name(package: str, file: Path) -> str:
    parts = (package, *file.with_suffix("").parts)
    return ".".join(part for part in parts if part not in ("", "__init__"))


def _docstrings(file: Path, module: str, problems: list[Problem]) -> Iterator[Docstring]:
    """The docstrings of a file whose query and document are long enough."""
    source = file.read_bytes()
    if not _may_hold_docstrings(source):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about escapes in the file's strings
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        problems.append(Problem("broken file", str(file), f"not Python ({error}); skipped"))
        return
    for name, text in _documented(tree.body, module):
        first_paragraph, _, rest = text.partition("\n\n")
        query, rest = " ".join(first_paragraph.split()), rest.strip()
        if len(query.split()) >= SHORTEST_QUERY and len(rest) >= SHORTEST_REST:
            yield Docstring(name, query, rest)


def _may_hold_docstrings(source: bytes) -> bool:
    """Whether any triple-quoted string is long enough; this test saves parsing a third of the files."""
    strings = (string for mark in (b'"""', b"'''") for string in source.split(mark)[1::2])
    return any(len(string) >= SHORTEST_REST for string in strings)


def _documented(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """(qualified name, docstring) of public functions, classes and methods, in file order."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from _documented(node.body + node.orelse, prefix)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name[0] != "_":
            name = f"{prefix}.{node.name}"
            docstring = ast.get_docstring(node)
            if docstring:
                yield name, docstring
            if isinstance(node, ast.ClassDef):
                yield from _documented(node.body, name)


def _known_items(docstrings: list[tuple[str, Docstring]]) -> list[tuple[str, Docstring]]:
    """The first of equal docstrings and of equal names; those whose query is unique."""
    names: set[str] = set()
    texts: set[tuple[str, str]] = set()
    distinct = []
    for package, item in docstrings:
        text = (item.first_paragraph, item.rest)
        if item.name not in names and text not in texts:
            distinct.append((package, item))
        names.add(item.name)
        texts.add(text)
    documents_of = Counter(item.first_paragraph for _, item in distinct)
    return [(package, item) for package, item in distinct if documents_of[item.first_paragraph] == 1]
