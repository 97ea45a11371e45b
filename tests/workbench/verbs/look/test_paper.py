"""A paper: its configuration, what it measures, and files that say how they were made and can be made again."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape
from PIL import Image

from analyses.comparison.paper_tables import difference_table, mean_over_seeds, retrieval_table
from analyses.comparison.published_scores import published_ndcg
from analyses.figures.style.print_style import (
    FORMATS,
    WIDTHS,
    Print,
    drawing,
    printed,
    read_chart,
    read_provenance,
    write_figure,
)
from data.errors import UserError
from data.learned_sparse import LearnedSparse
from retrieval.evaluate import evaluate
from retrieval.run import read_trec
from workbench.jobs.progress import StageProgress
from workbench.page.browser import chromium
from workbench.paper.config import CONFIGS, PaperConfig, read_config
from workbench.paper.items_list import ITEMS, current_name
from workbench.paper.measure.bench import Bench, ordered
from workbench.paper.measure.experiments import EXPERIMENTS
from workbench.paper.measure.materials import Materials
from workbench.paper.output.manifest import FORMAT, known_papers, read_paper, write_manifest
from workbench.paper.output.tables import escaped, latex, markdown
from workbench.paper.plan import plan_cells
from workbench.paper.run import chosen_items, make_paper, plan_of, remembered
from workbench.verbs.look import paper as paper_verb

pytestmark = pytest.mark.slow

needs_chromium = pytest.mark.skipif(chromium() is None, reason="needs Chromium to draw figures")


@pytest.fixture
def config(tmp_path: Path, tiny_paper: str) -> PaperConfig:
    (tmp_path / "paper.toml").write_text(tiny_paper)
    return read_config(tmp_path / "paper.toml")


def test_shipped_configurations_are_read_and_survive_json() -> None:
    for path in CONFIGS.glob("*.toml"):
        config = read_config(path)
        again = PaperConfig.from_dict(json.loads(json.dumps(config.to_dict())))
        assert again == config
        assert chosen_items(config)


def test_the_long_curve_goes_on_from_the_shipped_one() -> None:
    short, long = (
        {one.cell for one in EXPERIMENTS["limit"](read_config(CONFIGS / f"{name}.toml"))}
        for name in ("embedded", "limit")
    )
    assert short < long
    assert {cell.collection.name for cell in long - short} == {"limit:50000"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('title = "Tiny"', ""), "title is missing"),
        (("k = 4", 'k = "four"'), "k is 'four', expected a whole number"),
        (("[sweeps]", "[sweep]"), "'sweep' is not a key here"),
        (("head = [0.0, 0.1]", "head = 0.1"), "head is 0.1, expected a list"),
        (('name = "MiniLM"', 'name = "MiniLM"\nlength = 3'), "'length' is not a key here"),
        (("seeds = [0, 1]", "seeds = []"), "names no seeds"),
        (("[[collections]]", "[collections]"), "must be tables"),
        (("title", "title ="), "not valid TOML"),
        (("seeds = [0, 1]", "seeds = [0, true]"), "paper.toml: seeds 2 is True, expected a whole number"),
        (("k = [2, 4]", "layers = [1.5]"), "sweeps: layers 1 is 1.5, expected a whole number or text"),
        (("k = [2, 4]", 'pooling = ["mean"]'), "sweeps: pooling 1 is 'mean', expected 'sum' or 'max'"),
        (("k = [2, 4]", 'k1 = ["8"]'), "sweeps: k1 1 is '8', expected a number"),
        (('"Tiny"', "2026-01-01"), r"title is datetime.date\(2026, 1, 1\), expected text"),
        (("random_encoder = false", "random_encoder = 0"), "controls: random_encoder is 0, expected true or"),
        (('text = "limit:60"', ""), "paper.toml, saes 1: text is missing"),
        (("random_encoder = false", "encoders = [3]"), "controls: encoders must be tables"),
        (('"Tiny"', '"Tiny"\nlimit = 3'), "limit is 3, expected a table"),
    ],
)
def test_a_wrong_configuration_is_told_in_a_sentence(
    tmp_path: Path, tiny_paper: str, change: tuple[str, str], told: str
) -> None:
    path = tmp_path / "paper.toml"
    path.write_text(tiny_paper.replace(*change, 1))
    with pytest.raises(UserError, match=told):
        read_config(path)


def test_experiments_share_cells_and_tell_them_apart(config: PaperConfig) -> None:
    asked = [one for experiment in EXPERIMENTS.values() for one in experiment(config)]
    cells = ordered([one.cell for one in asked])
    assert len(set(cells)) == len(cells) < len(asked)
    records = [json.dumps(cell.record(), sort_keys=True) for cell in cells]
    assert len(set(records)) == len(records)
    moved = replace(config.encoders[0], config=replace(config.encoders[0].config, device="cpu"))
    elsewhere = replace(config, encoders=(moved,))
    assert [json.dumps(one.cell.record(), sort_keys=True) for one in EXPERIMENTS["retrieval"](elsewhere)] == [
        json.dumps(one.cell.record(), sort_keys=True) for one in EXPERIMENTS["retrieval"](config)
    ]


def test_an_unknown_item_is_told(config: PaperConfig) -> None:
    with pytest.raises(UserError, match="'nothing' is not in this paper: it has retrieval"):
        chosen_items(config, ["nothing"])
    assert [item.name for item in chosen_items(config, ["idf"])] == ["idf"]
    assert "frequency-bands-tail" not in [item.name for item in chosen_items(config)]


def test_an_older_name_of_an_item_is_the_item(
    config: PaperConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    for former, name in (
        ("ledger", "score-breakdown"),
        ("silenced", "zero-idf"),
        ("head", "frequency-bands-head"),
    ):
        assert [item.name for item in chosen_items(config, [former])] == [name]
        assert paper_verb._renamed(former) == name
        assert capsys.readouterr().err == f"`{former}` is now `{name}`\n"
    names = [item.name for item in ITEMS]
    former_names = [former for item in ITEMS for former in item.formerly]
    assert len({*names, *former_names}) == len(names) + len(former_names)


def test_an_item_of_an_older_name_in_a_folder_is_read_and_replaced(
    config: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    shown = {"columns": ["Latent"], "rows": [["1"]]}
    item = {"title": "t", "caption": "c", "facts": ["f"], "files": [], "shown": shown, "print": None}
    out, names = tmp_path / "out", [item.name for item in ITEMS]
    out.mkdir()
    write_manifest(out, config, {"ledger": item, "retrieval": item}, "typed", names, current_name)
    assert [made.name for made in read_paper(out).items] == ["retrieval", "ledger"]
    write_manifest(out, config, {"score-breakdown": item}, "typed", names, current_name)
    assert [made.name for made in read_paper(out).items] == ["retrieval", "score-breakdown"]


@needs_chromium
def test_a_figure_of_an_older_name_is_made_again_under_its_new_one(
    config: PaperConfig, tmp_path: Path
) -> None:
    note = {"format": FORMAT, "item": "ledger", "config": config.to_dict(), "print": asdict(Print())}
    with drawing():
        write_figure(printed(go.Figure(), Print()), tmp_path / "ledger.svg", note)
    assert remembered(tmp_path / "ledger.svg") == (config, "score-breakdown", Print())


def measured(values: dict[tuple[str, int], list[float]]) -> pd.DataFrame:
    rows = [
        {
            "collection": "c", "system": system, "encoder": "" if system == "bm25" else "e", "sae": "",
            "control": False, "seed": seed, "query_id": str(query), "nDCG@10": value,
        }
        for (system, seed), of_queries in values.items()
        for query, value in enumerate(of_queries)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=2, max_size=20))
@settings(max_examples=10)
def test_tables_are_means_over_queries_of_means_over_seeds(values: list[tuple[float, ...]]) -> None:
    one, other, cosine = (list(column) for column in zip(*values, strict=True))
    table = measured({("latent", 0): one, ("latent", 1): other, ("cosine", -1): cosine, ("bm25", -1): cosine})
    means = mean_over_seeds(table, ["system"], "nDCG@10").set_index("system")
    assert means["mean"]["latent"] == pytest.approx(np.mean([one, other]))
    assert means["n_seeds"].tolist() == [2, 1, 1]
    spread = np.std([np.mean(one), np.mean(other)], ddof=1)
    assert means["seed_sd"]["latent"] == pytest.approx(spread, abs=1e-12)
    whole = retrieval_table(table).set_index("system")
    assert whole["versus_own"]["latent"] == pytest.approx(np.mean([one, other]) - np.mean(cosine), abs=1e-9)
    assert np.isnan(whole["p"]["cosine"])
    assert whole["p"]["bm25"] == 1
    assert (whole["p_holm"].dropna() >= whole["p"].dropna()).all()
    swapped = [
        difference_table(table, ["collection"], "system", *pair)["difference"].iloc[0]
        for pair in (("latent", "cosine"), ("cosine", "latent"))
    ]
    assert swapped[0] == pytest.approx(-swapped[1], abs=1e-12)


def test_published_figures_stand_only_beside_the_same_system() -> None:
    for source in ("hf:BeIR/scifact", "ir_datasets:beir/scifact/test", "somewhere/scifact"):
        assert published_ndcg("latent", "facebook/contriever", source) == 0.713
    assert published_ndcg("latent", "minilm", "hf:BeIR/scifact") is None
    assert published_ndcg("latent", "facebook/contriever", "docstrings") is None
    assert published_ndcg("bm25", "", "hf:BeIR/fever") == 0.481
    assert published_ndcg("latent", "facebook/contriever", "ir_datasets:beir/arguana") == 0.436
    assert published_ndcg("cosine", "facebook/contriever", "ir_datasets:beir/arguana") is None
    assert (
        published_ndcg("maxsim", "lightonai/GTE-ModernColBERT-v1", "ir_datasets:beir/dbpedia-entity/test")
        == 0.475
    )


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_out_of_a_cell(text: str, heading: str) -> None:
    table = pd.DataFrame({heading: [text], f"{heading} ": ["1"]})
    lines = latex(table, text, "tab:x").split("\n")
    assert len(lines) == 13
    assert sum(line.endswith(r"\\") for line in lines) == 2
    assert len(markdown(table).split("\n")) == 4
    assert not set("\n\r\t\x00") & set(escaped(text))
    bare = escaped("50% of a_b & {c} #1 \\x ~ ^")
    assert bare == (r"50\% of a\_b \& \{c\} \#1 \textbackslash{}x \textasciitilde{} \textasciicircum{}")


@needs_chromium
def test_a_figure_says_what_made_it_and_is_the_same_again(tmp_path: Path) -> None:
    chart = printed(go.Figure(go.Scatter(x=[1, 2, 3], y=[2, 1, 3])), Print())
    note = {"item": "x", "text": "<b>&amp; \u2013 \N{SNOWMAN} ]]></metadata>"}
    with drawing():
        for ending in FORMATS:
            write_figure(chart, tmp_path / f"one.{ending}", note)
            assert read_provenance(tmp_path / f"one.{ending}") == note
        write_figure(chart, tmp_path / "two.png", note)
        with pytest.raises(UserError, match="no figure's name"):
            write_figure(chart, tmp_path / "one.gif", note)
    first, again = (Image.open(tmp_path / name) for name in ("one.png", "two.png"))
    assert first.tobytes() == again.tobytes()
    assert first.width == round(first.info["dpi"][0]) * chart.layout.width // 96
    assert chart.layout.width == round(WIDTHS["column"] / 25.4 * 96)
    for bad in ("a.png", "a.pdf", "a.svg", "a.txt"):
        (tmp_path / bad).write_bytes(b"not a figure")
        with pytest.raises(UserError, match="does not say how it was made"):
            read_provenance(tmp_path / bad)


@needs_chromium
@pytest.mark.slow
def test_a_paper_is_made_found_made_and_made_again_from_a_figure(
    config: PaperConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    names = ["retrieval", "idf", "frequency-bands-head", "sweep-k"]
    with StageProgress(silent=True) as progress:
        materials = Materials(progress)
        steps = plan_of(config, materials, names)
        assert {step.kind for step in steps} == {"encode", "train", "index and rank"}
        manifest = json.loads(make_paper(config, tmp_path / "out", materials, names, "typed").read_text())
        assert list(manifest["items"]) == names
        for item in manifest["items"].values():
            assert item["facts"]
            assert all((tmp_path / "out" / file).stat().st_size for file in item["files"])
        assert all(step.done for step in plan_of(config, Materials(progress), names))
        found, item, style = remembered(tmp_path / "out" / "idf.png")
        assert (found, item) == (config, "idf")
        make_paper(found, tmp_path / "again", Materials(progress), [item], style=style)
    same = [Image.open(tmp_path / folder / "idf.png").tobytes() for folder in ("out", "again")]
    assert same[0] == same[1]
    table = pd.read_csv(tmp_path / "out" / "retrieval.csv").set_index("system")
    from data.collections import load_collection

    qrels = load_collection("limit:60").qrels
    run = read_trec(tmp_path / "out" / "runs" / "limit" / "cosine-MiniLM.trec")
    judged = {query: qrels[query] for query in run.query_ids}
    assert evaluate(run, judged)["nDCG@10"].mean() == pytest.approx(table["mean"]["cosine"])
    assert "\\toprule" in (tmp_path / "out" / "retrieval.tex").read_text()
    paper = read_paper(tmp_path / "out")
    assert known_papers() == {"again": tmp_path / "again", "out": tmp_path / "out"}
    assert [item.name for item in paper.items] == names
    assert paper.config == config
    again = printed(read_chart(tmp_path / "out" / "idf.figure.json"), paper.items[1].print or Print())
    assert again.layout.width == round(WIDTHS["column"] / 25.4 * 96)
    page = (tmp_path / "out" / "report.html").read_text()
    for made in paper.items:
        assert f'<section id="{made.name}">' in page
        assert all(escape(fact) in page for fact in made.facts)


def test_a_learned_sparse_model_is_measured_as_its_dot_product_ranks(
    config: PaperConfig, splade_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path))
    asked = replace(config, controls=replace(config.controls, learned_sparse=splade_folder))
    (cell,) = (one.cell for one in EXPERIMENTS["retrieval"](asked) if one.cell.system == "learned_sparse")
    with StageProgress(silent=True) as progress:
        materials = Materials(progress, "cpu")
        bench = Bench(materials)
        weighing = [step for step in plan_cells([cell], materials, bench) if step.kind == "weigh terms"]
        assert len(weighing) == 1
        assert weighing[0].seconds > 0
        found = bench.measure(cell)["nDCG@10"]
        assert bench.is_measured(cell)
        assert not plan_cells([cell], materials, bench)[1:]
        bench.close()
    collection = materials.collection(cell.collection)
    model = LearnedSparse.load(splade_folder, max_length=64, device="cpu")
    weights = [np.concatenate([block.toarray() for block in model.weigh(texts)]) for texts in (
        collection.queries.texts, collection.corpus.texts)]  # fmt: skip
    for query, scores in zip(collection.queries.ids, weights[0] @ weights[1].T, strict=True):
        ranked = [collection.corpus.ids[row] for row in np.argsort(-scores, kind="stable")[:10]]
        gains = [collection.qrels[query].get(document, 0) for document in ranked]
        ideal = sorted(collection.qrels[query].values(), reverse=True)[:10]
        dcg, best = (sum(g / np.log2(place + 2) for place, g in enumerate(of)) for of in (gains, ideal))
        assert found[query] == pytest.approx(dcg / best, abs=1e-6)
