"""Bring your own: what is read is shown before anything starts, and one exact command is what is started."""

from __future__ import annotations

import os
import shutil
import time
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data.errors import UserError
from data.files import write_json
from one_page import buttons, html_of, opened
from retrieval.study import Study
from workbench.caches.making import chain
from workbench.jobs.job_folder import Request, create
from workbench.jobs.job_process import registered
from workbench.making.chain import chain_cost as costs
from workbench.making.chain.found import found_saes
from workbench.making.chain.wanted import PRESETS, Wanted
from workbench.making.part import Size
from workbench.page import frame
from workbench.page.work import made, way_out, words
from workbench.views.studies import _own_cost, _own_sae, own_run

TABLE = "nr,Words,notes\n1,the cat sleeps,x\n1,the dog sleeps,y\n3,,z\n"


@pytest.fixture
def place(tiny_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An app on the small study, whose artifacts are in a folder of the test."""
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """The jobs that are started; the cost is not measured."""
    found: list[tuple[list[str], str]] = []

    def start(argv: list[str], title: str) -> Any:
        found.append((list(argv), title))
        return type("Started", (), {"id": "none"})

    cost = costs.chain_cost(Size(500, 100_000, 1024, 0, 6000.0), None)
    monkeypatch.setattr("workbench.views.studies._own_cost.jobs.start", start)
    monkeypatch.setattr(_own_cost.chain, "sized", lambda wanted, preset: wanted.within(200_000))
    monkeypatch.setattr(_own_cost.chain, "cost", lambda wanted, n_ended: cost)
    return found


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def typed(source: Path | str, kind: str = "path") -> AppTest:
    """The page with a source typed into it."""
    app = opened("make")
    app.button_group(key="own place").set_value(kind).run()
    app.text_input(key=f"own {kind}").set_value(str(source)).run()
    assert not app.exception
    return app


def test_from_a_table_to_one_command(place: Path, started: list[tuple[list[str], str]]) -> None:
    app = opened("make")
    assert "Use these documents" not in buttons(app)
    app.file_uploader(key="own file").upload("my docs.csv", TABLE.encode()).run()
    (table,) = (place / "artifacts" / "uploads").glob("*/my-docs.csv")
    assert "No column has a usual name for the text" in html_of(app)
    assert "Use these documents" not in buttons(app)
    assert list(app.dataframe[0].value.columns) == ["nr", "Words", "notes"]
    app.selectbox(key=f"own text {table}").set_value("Words")
    app.selectbox(key=f"own id {table}").set_value("nr")
    app.run()
    assert "2 problems met: 1 × duplicate id, 1 × empty text" in [one.label for one in app.expander]
    problems = app.dataframe[1].value
    assert list(problems["where"]) == ["my-docs.csv:3", "my-docs.csv:4"]
    button(app, "Use these documents").click().run()
    assert "my-docs.csv: 2 documents" in html_of(app)
    assert [*app.radio(key="own preset").options] == list(_own_cost.TITLES.values())
    assert "in all, estimated" in html_of(app)
    assert not started
    button(app, "Start").click().run()
    argv, title = started[0]
    assert title == "Make my-docs"
    assert argv[:4] == ["make", str(table), "--out", str(place / "artifacts" / "studies" / "my-docs")]
    assert argv[-4:] == ["--id-column", "nr", "--text-column", "Words"]
    assert "200k" in argv


def test_an_sae_that_is_here_is_taken(
    place: Path, tiny_study: Study, started: list[tuple[list[str], str]]
) -> None:
    (place / "docs.jsonl").write_text('{"_id": "1", "text": "<b>the cat</b> sleeps"}\n')
    app = typed(place / "docs.jsonl")
    assert app.selectbox(key=f"own text {place / 'docs.jsonl'}").value == "text"
    button(app, "Use these documents").click().run()
    app.radio(key="own preset").set_value("existing").run()
    button(app, "Start").click().run()
    argv, _ = started[0]
    assert argv[argv.index("--sae") + 1] == str((tiny_study.path / "sae").resolve())
    assert "--tokens" not in argv
    (one,) = found_saes([tiny_study.path])
    assert (one.n_latents, one.encoder) == (tiny_study.n_latents, "minilm")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("/no/such/place", "No collection '/no/such/place'"),
        ("empty", "Empty is no BEIR folder"),
        ("broken.csv", "No document that can be read"),
    ],
)
def test_what_cannot_be_read_is_said(place: Path, source: str, sentence: str) -> None:
    (place / "empty").mkdir()
    (place / "broken.csv").write_text('id,text\n1,"a\n')
    app = typed(source)
    assert sentence.lower() in unescape(html_of(app)).lower()
    assert "Use these documents" not in buttons(app)


def test_a_hub_that_cannot_be_reached_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(name: str, split: str) -> None:
        asked.append(name)
        raise UserError(f"hf:{name} is not in the local cache and could not be downloaded")

    monkeypatch.setattr("data.collections.read_hub", refuse)
    app = typed("BeIR/scifact", "hub")
    assert asked == ["BeIR/scifact"]
    assert "hf:BeIR/scifact is not in the local cache" in html_of(app)


def test_a_run_is_added_by_its_path(place: Path, tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[Path, str]] = []

    def add(study: Study, path: Path, name: str, known: object) -> Any:
        taken.append((path, name))
        if path.suffix == ".bad":
            raise UserError("none of the 1 query ids is known")
        return type("Added", (), dict.fromkeys(NUMBERS, 1) | {"name": name})

    monkeypatch.setattr(own_run, "add_run", add)
    app = opened("make", bring="run")
    for path, said in (
        ("a.bad", "None of the 1 query ids is known"),
        ("splade v3.trec.gz", "splade-v3: 1 queries"),
    ):
        app.text_input(key="run path").set_value(path)
        button(app, "Add it").click().run()
        assert said in html_of(app)
    assert taken[-1] == (Path("splade v3.trec.gz"), "splade-v3")


NUMBERS = ("n_answered", "n_queries", "unknown_queries", "n_documents", "unknown_documents")


def test_an_import_is_one_command(place: Path) -> None:
    saes = place / "artifacts" / "saes"
    assert _own_sae.command("hf:some/sae", "minilm", "blocks.4.hook_out", "32", "sae") == [
        *("import-sae", "hf:some/sae", "--out", str(saes / "sae"), "--encoder", "minilm"),
        *("--layer", "blocks.4.hook_out", "--k", "32"),
    ]
    assert _own_sae.command("rel/id", "", "final", "", "x") == [
        "import-sae",
        "rel/id",
        "--out",
        str(saes / "x"),
    ]
    for k, name in (("many", "x"), ("", "../x")):
        with pytest.raises(UserError):
            _own_sae.command("rel/id", "", "final", k, name)
    assert [_own_sae.named(one) for one in ("hf:a/b/layer 3@main", "x/sae.safetensors", "")] == [
        "layer-3",
        "sae",
        "",
    ]
    app = opened("make", bring="sae")
    assert "Import it" not in buttons(app)
    app.text_input(key="sae source").set_value("rel/id").run()
    assert "Import it" in buttons(app)
    folder, lock = create(
        Request(_own_sae.command("rel/id", "", "final", "", "id"), ".", "x", "app", time.time())
    )
    os.close(lock)
    write_json(
        folder / "end.json", {"outcome": "finished", "exit_status": 0, "error": "", "time": time.time()}
    )
    (saes / "id").mkdir(parents=True)
    app.run()
    assert "id is imported" in html_of(app)
    assert "Import it" not in buttons(app)


@pytest.mark.slow
def test_the_cost_is_of_these_documents_and_this_machine(
    place: Path, documents: Path, tiny_study: Study
) -> None:
    wanted = chain.sized(Wanted(str(documents)), PRESETS["trial"])
    assert wanted.training.n_tokens == 10 * wanted.training.batch_size  # the least, for eight documents
    cost = chain.cost(wanted, 0)
    assert cost.training
    assert (cost.size.n_docs, cost.size.n_queries) == (8, 8)
    assert all(cost.of_phase(phase) > 0 for phase in costs.PHASES)
    paper = chain.sized(Wanted(str(documents)), PRESETS["paper"])
    assert (paper.training.n_tokens, paper.training.n_latents) == (30_000_000, 32_768)
    given = chain.cost(Wanted(str(documents), sae=str(tiny_study.path / "sae")), 0)
    assert given.training is None
    assert given.of_phase(costs.TRAIN) == 0
    assert given.size.n_latents == tiny_study.n_latents


def test_the_tray_is_on_every_page_while_a_job_runs(place: Path) -> None:
    assert "lt-tray" not in html_of(opened("start"))
    with registered("Index <b>cisi</b>", {}) as job:
        assert job
        html = html_of(opened("start"))
        assert "1 running: Index &lt;b&gt;cisi&lt;/b&gt;" in html
        lock_folder, lock = create(Request(["map"], ".", "Next", "shell", time.time()))
        assert words.line([job]) == "1 running: Index <b>cisi</b>"
        assert "1 running: Index &lt;b&gt;cisi&lt;/b&gt;; 1 waiting" in html_of(opened("latents"))
        os.close(lock)
        assert lock_folder.exists()
    assert "lt-tray" not in html_of(opened("start"))


def test_the_app_shows_the_studies_that_it_made(
    place: Path, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = place / "elsewhere" / "mine"
    new.mkdir(parents=True)
    for origin, name in (("app", "mine"), ("shell", "other")):
        files = {"study": str(new.with_name(name))}
        _, lock = create(Request(["make"], ".", "Make", origin, time.time(), files=files))  # type: ignore[arg-type]
        os.close(lock)
    assert made.made_here() == []
    (new / "study.json").write_text("{}")
    (new.with_name("other")).mkdir()
    (new.with_name("other") / "study.json").write_text("{}")
    assert made.made_here() == [new]
    assert frame.studies() == {tiny_study.path.name: tiny_study.path, "mine": new}
    monkeypatch.setenv("WORKBENCH_READ_ONLY", "1")
    assert list(frame.studies()) == [tiny_study.path.name]


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "5 s"), (42, "40 s"), (130, "2 min"), (3599, "60 min"), (3900, "1 h 05 min")]
)
def test_a_time_left_is_said_roughly(seconds: float, said: str) -> None:
    assert words.rough(seconds) == said


def test_an_error_that_names_a_command_offers_it(
    place: Path, tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place / "studies" / "torn"
    shutil.copytree(tiny_study.path, folder)
    monkeypatch.setattr("sys.argv", ["app", str(folder)])
    (folder / "queries.json").write_text("{")
    app = opened("overview")
    assert "damaged" in html_of(app)
    assert buttons(app) == ["Repair it"]
    error = f"study torn keeps no vocabulary 'stems': make what it lacks with `workbench complete {folder}`"
    found = way_out.way_out(error, [folder])
    assert found
    assert found.argv == ("complete", str(folder))
    for other in ("`workbench complete /etc`", "`workbench index`", "nothing"):
        assert way_out.way_out(other, [folder]) is None
