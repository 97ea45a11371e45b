"""Start: the same example each time, with the numbers of the study at hand, and no study on which it fails."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from analyses.attribution.compare_documents import compare
from analyses.attribution.worked_example import worked_example
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder
from one_page import html_of, opened
from retrieval.pipeline import build_study
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT
from sae.model import SparseAutoencoder
from workbench.markup.shell.road import RoadNumbers, road_svg
from workbench.page import links


def test_the_example_is_a_query_that_latents_answer_better_and_its_numbers_are_the_studys(
    tiny_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = worked_example(tiny_study)
    assert example is not None
    again = worked_example(tiny_study)
    assert again is not None
    assert (again.pair.query, again.pair.first, again.pair.second) == (
        example.pair.query,
        example.pair.first,
        example.pair.second,
    )
    query_id = tiny_study.queries.ids[list(tiny_study.queries.texts).index(example.pair.query)]
    measured = tiny_study.per_query.set_index(["query_id", "system"])["nDCG@10"]
    assert measured[query_id, LATENT.name] >= measured[query_id, COSINE.name]
    ranking = tiny_study.search(example.pair.query, depth=20)
    ranks = dict(zip(ranking["doc_id"], ranking["rank"], strict=True))
    assert example.pair.ranks == (ranks[example.pair.first], ranks[example.pair.second])
    encoded = compare(tiny_study, example.pair.query, example.pair.first, example.pair.second)
    np.testing.assert_allclose(example.pair.scores, encoded.scores, rtol=1e-4)
    by_cosine = tiny_study.search(example.pair.query, depth=len(tiny_study.corpus), system=COSINE.name)
    places = dict(zip(by_cosine["doc_id"], by_cosine["rank"], strict=True))
    assert example.cosine_ranks == (places[example.pair.first], places[example.pair.second])
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    html = unescape(html_of(opened("start")))
    assert example.pair.query in html
    assert f"A scores {example.pair.scores[0]:.2f} (rank 1)" in html
    steps = re.findall(r'<ol class="lt-walk">(.*?)</ol>', html)
    assert len(steps) == 1
    addresses = re.findall(r'<a class="lt-link" href="([a-z-]+\?[^"]*)"', steps[0])
    led = [parsed[0] for parsed in map(links.parse, addresses) if parsed]
    assert {"search", "systems", "compare-documents", "ablation"} <= set(led)


@pytest.fixture(scope="module", params=["no queries", "one document", "no judgements", "silent queries"])
def odd_study(
    request: pytest.FixtureRequest,
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Study:
    kind = str(request.param)
    n = 1 if kind == "one document" else 8
    corpus = Corpus(*(list(column)[:n] for column in vars(tiny_collection.corpus).values()))
    queries = Queries([], [])
    if kind == "no judgements":
        queries = Queries(["a", "b"], ["sort the rows of an array", "integrate a function"])
    elif kind == "silent queries":
        queries = Queries(["a"], [""])
    folder: Path = tmp_path_factory.mktemp("odd") / kind.replace(" ", "-")
    build_study(Collection(kind, corpus, queries, {}), encoder, tiny_sae, folder)
    return Study.open(folder)


def test_start_opens_on_odd_studies(odd_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(odd_study.path)])
    app = opened("start")
    html = html_of(app)
    assert "lt-calm" in html or "why is A above B?" in html
    assert 'class="lt-doors"' in html
    if odd_study.name == "no-queries":
        assert "the first sentence of a document, as a query" in html
    if odd_study.name == "one-document":
        assert "No example yet" in html
    if odd_study.name == "no-judgements":
        assert "a query of this collection" in html
        assert "judged relevant" not in html


def test_the_picture_says_the_numbers_and_escapes_nothing_away() -> None:
    svg = road_svg(RoadNumbers(64, 384, 32, 8192, 145, 202.4, [3.0, 1.0], [40.0, 10.0]))
    assert svg.count("<svg") == 2
    for text in ("64 tokens", "384 numbers", "of 8,192", "145 latents, |d| = 202", "A 40.00, B 10.00"):
        assert text in svg
    assert road_svg(RoadNumbers(0, 384, 32, 8192, 0, 0.0)).count("<svg") == 2
