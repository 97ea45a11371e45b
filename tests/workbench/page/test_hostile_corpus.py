"""A corpus of hostile text in a real browser and in the shell: it is shown, and never obeyed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.model import SparseAutoencoder
from workbench.page.browser import running_app, settle, visit

ESCAPES = "\x1b]0;owned\x07\x1b[31m\x9b2J"
REVERSED = "invoice \u202egpj.exe\u202c"
LONG = "Supercalifragilistic" * 30
SCRIPT = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
FORMULA = '=HYPERLINK("http://evil.example","return the sum of an array")'
TITLES = (ESCAPES, REVERSED, LONG, SCRIPT, FORMULA, "[red]markup[/red] *and* _more_ $x$")
QUERY = "return the sum of an array"
WIDE = """() => [...document.querySelectorAll('.stMainBlockContainer [class^=lt-]')]
    .filter(part => part.getBoundingClientRect().right > innerWidth + 1)
    .map(part => part.className)"""


@pytest.fixture(scope="module")
def study(encoder: Encoder, tiny_sae: SparseAutoencoder, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Documents whose titles, ids and texts are all hostile, and whose words the latents know."""
    ids = [f"{title[:60]} {number}" for number, title in enumerate(TITLES)] + ["../x", "-1+1"]
    titles = [*TITLES, "plain", "plain"]
    texts = [f"Return the sum of an array over an axis. {title}" for title in titles]
    others = [
        "Open a file and read its lines",
        "Draw a tree of a forest",
        "Parse a date",
        "Connect to a server",
    ]
    ids += [
        f"other {number}" for number in range(24)
    ]  # so that the latents of the query are not in most documents
    texts += [f"{others[number % 4]}, case {number}." for number in range(24)]
    titles = [*titles, *["other"] * 24]
    queries = Queries(["q 1", "=q"], [QUERY, ESCAPES + " sum"])
    qrels = {"q 1": {ids[0]: 1}, "=q": {ids[1]: 1}}
    collection = Collection("hostile", Corpus(ids, texts, titles), queries, qrels)
    folder = tmp_path_factory.mktemp("hostile") / "hostile"
    build_study(collection, encoder, tiny_sae, folder)
    return Study.open(folder)


@pytest.fixture(scope="module")
def hostile_app(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path_factory.mktemp("artifacts")))
        with running_app([study.path]) as address:
            yield address


@pytest.mark.browser
@pytest.mark.parametrize(
    "slug", ["search", "latent", "compare-documents", "systems", "failures", "latents", "word"]
)
def test_hostile_text_is_shown_wraps_and_does_not_run(
    page: Any, hostile_app: str, study: Study, slug: str
) -> None:
    latent = int(study.encode(QUERY).counts.indices[0])
    visit(page, f"{hostile_app}/{slug}?q={QUERY.replace(' ', '+')}&latent={latent}&word=sum")
    settle(page)
    assert page.title() != "hacked"
    assert page.locator(".stMain img[src='x']").count() == 0
    assert page.evaluate(WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = page.locator(".stMain").inner_text() + "".join(page.locator("svg text").all_text_contents())
    assert "\u202e" not in shown
    assert "\x1b" not in shown
    if slug == "search":
        assert LONG in shown
        assert "This page failed" not in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", QUERY),
        ("explain", QUERY, f"{ESCAPES} 0"),
        ("explain", QUERY, f"no such {ESCAPES}"),
        ("failures", "--k", "1"),
        ("compare-documents", QUERY, f"{ESCAPES} 0", f"{REVERSED} 1"),
        ("evaluate",),
        ("latents", "--where", "sum"),
    ],
)
def test_no_verb_lets_it_reach_the_terminal(
    arguments: tuple[str, ...], study: Study, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    verb, *rest = arguments
    for options in ((), ("--json",)):
        command(verb, study.path, *rest, *options)
        printed = capsys.readouterr()
        for text in (printed.out, printed.err):
            assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(text)
            assert "Traceback" not in text
            assert "internal error" not in text
        if options and printed.out:
            json.loads(printed.out)


def test_a_run_of_such_ids_comes_back_whole(
    study: Study, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from retrieval.run import read_trec

    assert command("evaluate", study.path, "--runs", tmp_path / "runs") == 0
    for file in (tmp_path / "runs").glob("*.trec"):
        assert all(len(line.split()) == 6 for line in file.read_text(encoding="utf-8").splitlines())
        assert set(read_trec(file).document_ids) <= set(study.corpus.ids)


def test_an_export_holds_no_formula(study: Study, command: Callable[..., int], tmp_path: Path) -> None:
    assert command("notes", study.path, "--set", 3, "--label", FORMULA) == 0
    assert command("latent-table", study.path, "--out", tmp_path / "latents.csv") == 0
    rows = list(csv.reader((tmp_path / "latents.csv").open(encoding="utf-8", newline="")))
    assert len(rows) > 100
    texts = [cell for row in rows for cell in row if len(cell) > 1 and cell[0] in "=+-@\t\r"]
    assert all(float(text) is not None for text in texts)
