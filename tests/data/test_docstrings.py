"""Laws of the built-in collection, on invented packages and on the installed ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data import docstrings
from data.corpus import Collection, corpus_fingerprint
from data.docstrings import docstring_collection

pytestmark = pytest.mark.slow

REST = "A sentence that says more about the thing, so that the rest of this docstring is long enough. " * 2


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(docstrings, "_roots", lambda: {"python": tmp_path})
    return tmp_path


def write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source.replace("REST", REST))


def test_what_is_public_and_documented_is_taken(package: Path) -> None:
    write(
        package / "shop" / "__init__.py",
        '''
class Shop:
    """A place that
    sells many things.

    REST
    """

    def open(self):
        """Let the customers come in.

        REST"""

    def _count(self):
        """Count what nobody should see.

        REST"""

    class Shelf:
        """Something to put things on.

        REST"""

def outer():
    def inner():
        """Functions in functions are unreachable.

        REST"""
''',
    )
    write(
        package / "shop" / "_private.py",
        'async def fetch():\n    """Fetch what was ordered before.\n\n    REST"""\n',
    )
    write(
        package / "shop" / "tests" / "case.py",
        'def test():\n    """Test what should be tested.\n\n    REST"""\n',
    )
    write(
        package / "shop" / "_vendored" / "x.py",
        'def x():\n    """Something that others have made.\n\n    REST"""\n',
    )
    collection = docstring_collection()
    assert collection.corpus.ids == ("shop.Shop", "shop.Shop.open", "shop.Shop.Shelf", "shop._private.fetch")
    assert collection.queries.texts[0] == "A place that sells many things."
    assert collection.corpus.texts[0] == f"shop.Shop {REST.strip()}"


def test_repeated_short_and_broken_ones_are_left_out(package: Path) -> None:
    def function(name: str, query: str, rest: str = REST) -> str:
        return f'def {name}():\n    """{query}\n\n    {rest}"""\n'

    write(package / "a.py", function("first", "Do the same thing twice.") + function("brief", "Too short."))
    write(
        package / "b.py",
        function("second", "Do the same thing twice.") + function("little", "Not much to say.", "No."),
    )
    write(
        package / "c.py",
        function("one", "Ask this more than once.") + function("two", "Ask this more than once.", REST[9:]),
    )
    write(
        package / "d.py",
        function("redefined", "Say it one way.") + function("redefined", "Say it another way."),
    )
    write(package / "e.py", "def broken(:\n" + function("lost", "Nobody can read this."))
    write(
        package / "f.py", "if True:\n    def chosen():\n        '''Take one of two ways.\n\n        REST'''\n"
    )
    collection = docstring_collection()
    assert collection.corpus.ids == ("a.first", "d.redefined", "f.chosen")
    assert [(problem.kind, Path(problem.where).name) for problem in collection.problems] == [
        ("broken file", "e.py")
    ]


@pytest.fixture
def embedded(embedded_collection: Collection) -> Collection:
    return embedded_collection


def test_the_installed_packages_give_some_seven_thousand_known_items(embedded: Collection) -> None:
    assert 5_500 <= len(embedded.corpus) <= 8_500
    assert len(set(embedded.queries.texts)) == len(embedded.queries) == len(embedded.corpus)
    assert len(set(embedded.corpus.ids)) == len(embedded.corpus)
    assert embedded.qrels == {identifier: {identifier: 1} for identifier in embedded.corpus.ids}
    assert sum(embedded.card["documents"].values()) == len(embedded.corpus)
    assert set(embedded.card["documents"]) == {"python", "numpy", "scipy", "torch", "pandas"}
    assert set(embedded.card["versions"]) == {"python", "numpy", "scipy", "torch", "pandas"}
    assert {"scipy.optimize._minimize.minimize", "textwrap.wrap", "torch.nn.modules.linear.Linear"} <= set(
        embedded.corpus.ids
    )


def test_documents_do_not_hold_their_queries(embedded: Collection) -> None:
    folded = (" ".join(text.split()) for text in embedded.corpus.texts)
    repeats = sum(query in text for query, text in zip(embedded.queries.texts, folded, strict=True))
    assert repeats < 0.01 * len(embedded.corpus)


def test_the_collection_is_the_same_in_another_process_which_imports_none_of_the_packages(
    embedded: Collection,
) -> None:
    script = (
        "import sys; from data.docstrings import docstring_collection; from data.corpus import corpus_fingerprint; "
        "print(corpus_fingerprint(docstring_collection().corpus)); "
        "print(*{'torch', 'scipy', 'pandas', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    fingerprint, imported = done.stdout.split("\n")[:2]
    assert fingerprint == corpus_fingerprint(embedded.corpus)
    assert imported == ""


def test_progress_ends_at_the_number_of_files(package: Path) -> None:
    for name in "abc":
        write(package / f"{name}.py", "")
    steps: list[tuple[int, int]] = []
    docstring_collection(lambda done, total: steps.append((done, total)))
    assert steps == [(3, 3)]
