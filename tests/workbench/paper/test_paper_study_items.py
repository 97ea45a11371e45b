"""Items of a paper that look into a study: their numbers add up, and no corpus text escapes into their files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from analyses.comparison.discrimination import discrimination
from analyses.comparison.judged_queries import judged_queries
from analyses.figures.style.print_style import Print, draw, drawing, printed
from analyses.interventions.ablation import contributions_of_all
from analyses.interventions.family_ablation import ablated, families, random_sets
from analyses.interventions.zero_idf import (
    matched_latents,
    superiority,
    weight_variation,
    zero_idf_latents,
    zero_idf_table,
)
from analyses.interventions.zero_idf_effects import effects, treated
from analyses.latents.type_evidence.type_examples import middles, whole_word
from analyses.laws import laws
from analyses.vocabularies import control_counts
from analyses.why import pairs
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.evaluate import evaluate
from retrieval.pipeline import build_study
from retrieval.search import search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex
from sae.model import SparseAutoencoder
from workbench.jobs.progress import StageProgress
from workbench.making.parts import PARTS
from workbench.making.stages import describe_study
from workbench.page.browser import chromium
from workbench.paper.config import PaperConfig, read_config
from workbench.paper.item import Made
from workbench.paper.items_list import ITEMS as ALL_ITEMS
from workbench.paper.measure import study_parts
from workbench.paper.measure.materials import Materials
from workbench.paper.measure.study_parts import ALL_CONTROLS, parts_for, prepare
from workbench.paper.output.tables import latex, markdown
from workbench.paper.run import make_paper, plan_of

ITEMS = {item.name: item for item in ALL_ITEMS if item.needs_study}
NAMED = {part for item in ITEMS.values() for part in item.parts}
HOSTILE = [
    r"\input{/etc/passwd} & 50% of $x_1^2$ ~ \end{tabular} \\ [2ex] # | pipes | and `ticks`",
    "<script>alert(1)</script> <img src=x onerror=x> [click](javascript:alert(3)) **b** _it_ www.evil.example",
    "⟨marks⟩ ⟩ ⟨ and https://evil.example/?a=1&b=2 \x00\x1b[31m ${7*7} {{7*7}} \\write18{rm}",
]
needs_chromium = pytest.mark.skipif(chromium() is None, reason="needs Chromium to draw figures")


@dataclass
class OneStudy:
    """The evidence of items that only look into a study."""

    config: PaperConfig
    of: Study

    def study(self) -> Study:
        return self.of

    def measured(self, experiment: str) -> pd.DataFrame:
        raise AssertionError(f"no item of a study asks for {experiment}")


@pytest.fixture(scope="module")
def short_bootstraps() -> Iterator[None]:
    """Few bootstrap samples, and small samples for controls to read."""
    whole: Any = laws.laws_of

    def short(*given: Any, **named: Any) -> Any:
        return whole(*given, n_halves=20, n_bootstrap=5, n_rival_bootstrap=2, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laws, "laws_of", short)
        patch.setattr(control_counts, "N_DOCUMENTS", 40)
        patch.setattr(study_parts, "N_TYPED", 40)
        patch.setattr(pairs, "N_DOCUMENTS", 8)
        yield


@pytest.fixture(scope="module")
def evidence(why_study: Study, tmp_path_factory: pytest.TempPathFactory, short_bootstraps: None) -> OneStudy:
    """A copy of the small study with all parts but the UMAP, for which a PCA stands."""
    folder = tmp_path_factory.mktemp("looked-into") / "tiny"
    shutil.copytree(why_study.path, folder)
    study, config = Study.open(folder), read_config()
    config = replace(config, controls=replace(config.controls, random_encoder=False))
    with StageProgress(silent=True) as progress:
        describe_study(study, progress)
        prepare(study, config, NAMED - {"map"}, progress)
    return OneStudy(config, study)


@pytest.fixture(scope="module")
def made(evidence: OneStudy) -> dict[str, Made]:
    return {name: item.make(evidence) for name, item in ITEMS.items()}


def test_every_item_has_a_table_a_caption_and_facts_in_text(made: dict[str, Made]) -> None:
    for name, item in made.items():
        assert item.facts, name
        assert item.caption.strip(), name
        assert item.shown is not None, name
        json.dumps(item.shown.to_numpy().tolist())
        assert all(isinstance(cell, str) for row in item.shown.to_numpy() for cell in row), name
        assert not any(re.search(r"\b(nan|None)\b|<NA>", fact) for fact in item.facts), name
        cells = item.shown.iloc[:, 1:].to_numpy().ravel()
        assert not any(re.search(r"^[+-]?nan\b|\(nan|nan%|^None$|<NA>", cell) for cell in cells), name
        assert (item.chart is None) == (name == "type-examples"), name


def test_the_breakdowns_add_up_to_the_scores_that_search_gives(
    made: dict[str, Made], evidence: OneStudy
) -> None:
    bars = made["score-breakdown"].chart.data[0]  # type: ignore[union-attr]
    *parts, whole = bars.x
    assert sum(parts) == pytest.approx(whole, rel=1e-9)
    table = made["score-breakdown"].table
    assert table["contribution"].sum() == pytest.approx(whole, rel=1e-9)
    query = re.search(r'query "(.*)", document (.*), in \d', made["score-breakdown"].caption)
    assert query is not None
    told = query[1].removesuffix("…")
    text = next(one for one in evidence.of.queries.texts if " ".join(one.split()).startswith(told))
    found = evidence.of.search(text).set_index("doc_id")["score"]
    assert table["contribution"].sum() == pytest.approx(found[query[2]], rel=1e-5)
    cosine = evidence.of.search(text, len(evidence.of.corpus), "cosine").set_index("doc_id")["score"]
    of_latents = made["cosine-breakdown"].table["part"].sum()
    numbers = re.findall(r"[+-]\d\.\d{4}\b", made["cosine-breakdown"].facts[0])
    assert sum(map(float, numbers)) == pytest.approx(cosine[query[2]], abs=5e-4)
    assert float(numbers[0]) == pytest.approx(of_latents, abs=1e-4)


def test_shares_sum_to_one(made: dict[str, Made], evidence: OneStudy) -> None:
    sums = made["types"].table.groupby("vocabulary")["share"].sum()
    assert len(sums) == 4
    assert sums.to_numpy() == pytest.approx(1)
    missed = made["failures"].table[made["failures"].table["group"] == "missed"]
    assert missed["share"].sum() == pytest.approx(1)
    table = zero_idf_table(evidence.of)
    assert table[["mass", "activation"]].sum().to_numpy() == pytest.approx(1)
    kinds = table[["special", "stop word", "punctuation"]].sum(axis=1)
    assert ((kinds > -1e-9) & (kinds < 1 + 1e-9)).all()


def test_a_family_is_ablated_as_a_ranking_without_it_is_evaluated(evidence: OneStudy) -> None:
    study, parameters = evidence.of, Bm25Parameters(idf="lucene")
    judged = judged_queries(study)
    contributed = contributions_of_all(study, judged, parameters)
    nobody = np.zeros(study.n_latents, bool)
    without_nothing = ablated(study, judged, parameters, nobody, contributed)
    assert without_nothing["change"] == without_nothing["low"] == without_nothing["high"] == 0
    assert without_nothing["n_draws"] == 0
    assert ablated(study, judged, parameters, ~nobody, contributed, 2)["after"] == 0
    family = nobody.copy()
    family[::3] = True
    row = ablated(study, judged, parameters, family, contributed, 3)
    counts = study.query_counts.copy()
    counts.data[family[counts.indices]] = 0
    counts.eliminate_zeros()
    run = search(study.weighted(parameters), counts, 1000, study.queries.ids, study.corpus.ids)
    assert row["after"] == pytest.approx(evaluate(run, study.qrels)["nDCG@10"].mean(), abs=1e-6)
    assert row["excess"] == pytest.approx(row["change"] - row["control"], abs=1e-12)
    kept = families(study)
    assert kept is not None
    types = kept[(kept["kind"] == "type") & (kept["idf"] == "clipped")]
    assert types["share"].sum() <= 1 + 1e-9
    for members, source in ((family, "others"), (~family, "all")):
        drawn, drawn_from = random_sets(contributed, members, 4)
        assert drawn_from == source
        for latents in drawn:
            assert contributed[latents].sum() >= contributed[members].sum() * (1 - 1e-9)
            assert contributed[latents[:-1]].sum() < contributed[members].sum()
            assert source == "all" or not members[latents].any()


def test_superiority_is_the_mann_whitney_statistic() -> None:
    generator = np.random.default_rng(0)
    mine, theirs = generator.integers(0, 9, 30).astype(float), generator.integers(2, 12, 50).astype(float)
    found, low, high = superiority(mine, theirs)
    expected = mannwhitneyu(mine, theirs).statistic / (len(mine) * len(theirs))
    assert found == pytest.approx(expected)
    assert superiority(theirs, mine)[0] == pytest.approx(1 - expected)
    assert low < found < high < 0.5
    assert np.isnan(superiority(mine, np.zeros(0))).all()


def test_discrimination_is_the_area_under_the_curve(evidence: OneStudy) -> None:
    study = evidence.of
    judged = judged_queries(study)
    weighted = WeightedIndex.of(study.index, Bm25Parameters())
    names = np.where(np.arange(study.n_latents) % 2 == 0, "even", "odd")
    table = discrimination(weighted, judged, names)
    row = int(table.index[3])
    latents = judged.counts[[row]].indices
    latents = latents[(latents % 2 == 0) & (study.index.document_frequency[latents] > 0)]
    weights = term_weight(judged.counts[[row]].toarray()[0, latents], "sqrt")
    areas = []
    for document in judged.document[judged.query == row]:
        for latent in latents:
            impacts = np.zeros(study.index.n_docs)
            column = slice(*study.index.indptr[latent : latent + 2])
            impacts[study.index.documents[column]] = weighted.impact[column]
            target = np.arange(study.index.n_docs) == document
            # the document itself counts among all documents as an equal
            n = len(impacts)
            areas.append((roc_auc_score(target, impacts) * (n - 1) + 0.5) / n)
    expected = np.mean(np.reshape(areas, (-1, len(latents))) @ weights / weights.sum())
    assert table.loc[row, "even"] == pytest.approx(expected)


def test_the_silenced_are_those_without_a_clipped_idf_and_their_matches_come_next(evidence: OneStudy) -> None:
    index = evidence.of.index
    zero_idf = zero_idf_latents(index)
    assert len(zero_idf)
    assert (2 * index.document_frequency[zero_idf] >= index.n_docs).all()
    matched = matched_latents(index, zero_idf)
    rest = np.setdiff1d(np.arange(index.n_terms), np.union1d(zero_idf, matched))
    assert len(matched) == len(zero_idf)
    assert index.document_frequency[matched].min() >= index.document_frequency[rest].max()
    dense = np.zeros((index.n_docs, index.n_terms))
    owners = np.repeat(np.arange(index.n_terms), index.document_frequency)
    dense[index.documents, owners] = np.sqrt(index.counts)
    latent, found = int(zero_idf[0]), weight_variation(index)
    assert found["variation"][latent] == pytest.approx(dense[:, latent].std() / dense[:, latent].mean())
    held = dense[dense[:, latent] > 0, latent]
    assert found["variation_held"][latent] == pytest.approx(held.std() / held.mean())
    correlation = np.corrcoef(dense[:, latent], dense.sum(axis=1))[0, 1]
    assert found["length_share"][latent] == pytest.approx(correlation**2)


def test_treatments_of_none_change_nothing_and_lucenes_idf_is_what_the_study_measured(
    evidence: OneStudy,
) -> None:
    study = evidence.of
    index, judged, none = study.index, judged_queries(study), np.zeros(0, np.int64)
    parameters = {"clipped": Bm25Parameters(), "lucene": Bm25Parameters(idf="lucene")}
    weighted = {idf: WeightedIndex.of(index, of) for idf, of in parameters.items()}
    for treatment, idf in (("lifted", "clipped"), ("zeroed", "lucene"), ("unmeasured, lucene", "lucene")):
        same = treated(index, weighted, treatment, none)
        assert (judged.run(same).scores == judged.run(weighted[idf]).scores).all()
    table = effects(index, judged, n_draws=2).set_index("treatment")
    means = study.evaluation
    gain = means["latent_lucene_idf"]["nDCG@10"] - means["latent"]["nDCG@10"]
    assert table["silenced"]["lucene"] == pytest.approx(gain, abs=1e-6)
    split = table["silenced"]["lucene, others"] - table["silenced"]["zeroed"]
    assert table["silenced"]["lucene"] == pytest.approx(split, abs=1e-9)
    lifted = treated(index, weighted, "lifted", zero_idf_latents(index))
    assert (lifted.idf[zero_idf_latents(index)] > 0).all()
    assert (weighted["clipped"].idf[zero_idf_latents(index)] == 0).all()


def test_examples_are_the_middles_of_equal_parts() -> None:
    assert middles(10, 5) == [1, 3, 5, 7, 9]
    assert middles(3, 5) == [0, 1, 2]
    assert middles(0, 5) == []
    assert whole_word("a tokenizer's", 4, 6) == (2, 11)
    assert whole_word("a -- b", 2, 4) == (2, 4)


@pytest.fixture(scope="module")
def hostile(
    encoder: Encoder, tiny_sae: SparseAutoencoder, tmp_path_factory: pytest.TempPathFactory
) -> OneStudy:
    """Six documents that mean harm, and nobody who asks for them."""
    texts = [f"{text} {number}" for number in range(2) for text in HOSTILE]
    corpus = Corpus([f"<b>{n}</b>|&" for n in range(len(texts))], texts, [""] * len(texts))
    folder = tmp_path_factory.mktemp("hostile") / "study"
    study = build_study(Collection("h_1 & <i>", corpus, Queries([], []), {}), encoder, tiny_sae, folder)
    with StageProgress(silent=True) as progress:
        describe_study(study, progress)
    return OneStudy(read_config(), study)


def test_hostile_text_stays_text_in_latex_and_markdown(hostile: OneStudy) -> None:
    item = ITEMS["type-examples"].make(hostile)
    assert item.shown is not None
    assert len(item.shown) == len(item.table) > 3
    typeset, written = latex(item.shown, item.caption, "tab:x"), markdown(item.shown)
    body = typeset.split(r"\midrule")[1].split(r"\bottomrule")[0].strip()
    assert len(body.split("\n")) == len(item.shown)
    for line in body.split("\n"):
        assert line.endswith(r" \\")
        cells = re.sub(r"\\(text(?!bf)[a-z]+|ldots)\{\}", "", line.removesuffix(r" \\"))
        cells = re.sub(r"\\(textbf)|\\[&%$#_{}]|\$\\(langle|rangle|cdot|pm|beta|leq|geq)\$|\$-\$", "", cells)
        assert cells.count("&") == 4
        assert not re.search(r"[\\%$#_~^<>\x00-\x1f]", cells)
        assert cells.count("{") == cells.count("}")
    assert r"\textbf{" in body
    lines = written.strip().split("\n")
    assert len(lines) == len(item.shown) + 2
    for line in lines[2:]:
        assert len(re.findall(r"(?<!\\)\|", line)) == 6
        bare = line.replace("<b>", "").replace("</b>", "")
        assert not re.search(r"<|(?<!\\)[*`\[$]|://|www\.", bare)


def test_a_collection_that_nobody_asks_is_told_of_in_a_sentence(hostile: OneStudy) -> None:
    for name in ("zero-idf", "growth", "map", "scoring", "match"):
        made = ITEMS[name].make(hostile)
        assert made.facts
        assert made.caption
    for name in ("score-breakdown", "cosine-breakdown"):
        made = ITEMS[name].make(hostile)
        assert made.chart is None
        assert "keeps no queries" in made.facts[0]
    with pytest.raises(UserError, match="no relevance judgements"):
        ITEMS["failures"].make(hostile)
    asked = replace(hostile, config=replace(hostile.config, query="pipes and ticks"))
    found = ITEMS["score-breakdown"].make(asked)
    assert "the configured query" in found.caption
    assert found.table["contribution"].sum() > 0


@needs_chromium
@pytest.mark.parametrize("name", ["map", "zero-idf", "score-breakdown"])
def test_a_figure_is_the_same_to_the_pixel_when_it_is_made_again(
    name: str, made: dict[str, Made], evidence: OneStudy
) -> None:
    again = ITEMS[name].make(evidence)
    with drawing():
        pictures = [
            draw(printed(one.chart, Print(one.width, one.ratio)), "png")
            for one in (made[name], again)
            if one.chart is not None
        ]
    assert len(pictures) == 2
    assert pictures[0] == pictures[1]


def test_parts_that_items_name_exist_and_are_made_once(evidence: OneStudy, short_bootstraps: None) -> None:
    assert set(PARTS) | {ALL_CONTROLS} >= NAMED
    assert all(item.needs_study for item in ITEMS.values())
    kept = {part.name: part.is_kept(evidence.of) for part in parts_for(evidence.config, NAMED)}
    assert kept == {name: name != "map" for name in kept}
    assert kept.keys() > {"laws", "growth", "random_directions"}
    files = {path: path.stat().st_mtime_ns for path in evidence.of.path.rglob("*") if path.is_file()}
    with StageProgress(silent=True) as progress:
        prepare(evidence.of, evidence.config, NAMED - {"map"}, progress)
    assert files == {path: path.stat().st_mtime_ns for path in evidence.of.path.rglob("*") if path.is_file()}


@needs_chromium
@pytest.mark.slow
def test_a_tiny_paper_looks_into_its_study_and_says_before_what_that_takes(
    tmp_path: Path, tiny_paper: str, monkeypatch: pytest.MonkeyPatch, short_bootstraps: None
) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    (tmp_path / "paper.toml").write_text(tiny_paper)
    config = read_config(tmp_path / "paper.toml")
    names = [name for name, item in ITEMS.items() if name != "map" and item.wanted(config)]
    with StageProgress(silent=True) as progress:
        materials = Materials(progress)
        steps = plan_of(config, materials, names)
        assert {step.kind for step in steps} == {"encode", "train", "study"}
        assert all(step.seconds > 0 for step in steps if not step.done)
        manifest = json.loads(make_paper(config, tmp_path / "out", materials, names).read_text())
        assert list(manifest["items"]) == names
        for item in manifest["items"].values():
            assert all((tmp_path / "out" / file).stat().st_size for file in item["files"])
        assert all(step.done for step in plan_of(config, Materials(progress), names))
