"""An engine ranks as the study does, and says so where it does not, is not whole, or belongs to another build."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import UserError
from in_memory_engine import InMemory
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study
from workbench.export.engines import serving
from workbench.export.engines.engine import KINDS, Engine, Vector, parted
from workbench.export.engines.serving import search_engine, upload


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> InMemory:
    """Any address leads to it."""
    one = InMemory()

    @contextmanager
    def connected(*_: object) -> Iterator[Engine]:
        yield one

    monkeypatch.setattr(serving, "connected", connected)
    return one


def same_ranking(study: Study, address: str, depth: int) -> None:
    for query in study.queries.texts[:3]:
        for idf in ("clipped", "lucene"):
            parameters = Bm25Parameters(idf=idf)  # type: ignore[arg-type]
            own = study.search(query, depth, parameters=parameters)
            ranking = search_engine(study, address, query, depth, parameters)
            assert not ranking.wrong
            np.testing.assert_allclose(ranking.run.scores[0], own["score"], rtol=1e-4)
            ids = [study.corpus.ids[document] for document in ranking.run.documents[0]]
            untied = np.abs(np.diff(own["score"], prepend=np.inf)) > 1e-4 * own["score"]
            untied &= np.abs(np.diff(own["score"], append=0)) > 1e-4 * own["score"]
            assert [id for id, clear in zip(ids, untied, strict=True) if clear] == own["doc_id"][
                untied
            ].tolist()


@pytest.mark.parametrize(
    ("kind", "package", "place"),
    [("qdrant", "qdrant_client", "folder"), ("milvus", "milvus_lite", "file.db")],
)
def test_a_real_engine_ranks_as_the_study_does(
    tiny_study: Study, tmp_path: Path, kind: str, package: str, place: str
) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs the package {package}: `pip install '.[engines]'`")
    address = f"{kind}:{tmp_path / place}"
    upload(tiny_study, address)
    same_ranking(tiny_study, address, 10)
    same_ranking(tiny_study, address, 1000)
    with pytest.raises(UserError, match=r"was written with k1 8\.0, and this ranking has k1 2"):
        search_engine(tiny_study, address, "array", parameters=Bm25Parameters(k1=2.0))
    upload(tiny_study, address, Bm25Parameters(k1=2.0))  # another export, in place of the former
    assert not search_engine(tiny_study, address, "array", parameters=Bm25Parameters(k1=2.0)).wrong


def test_an_interrupted_export_goes_on(
    tiny_study: Study, engine: InMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "BATCH", 50)
    whole = engine.add
    written: list[Sequence[int]] = []

    def add(collection: str, ids: Sequence[int], vectors: Sequence[Vector]) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(ids)
        whole(collection, ids, vectors)

    monkeypatch.setattr(engine, "add", add)
    with pytest.raises(KeyboardInterrupt):
        upload(tiny_study, "qdrant://here:1")
    with pytest.raises(UserError, match=r"keeps 100 of .* documents .* since an export was interrupted"):
        search_engine(tiny_study, "qdrant://here:1", "array")
    monkeypatch.setattr(engine, "add", whole)
    upload(tiny_study, "qdrant://here:1")
    same_ranking(tiny_study, "qdrant://here:1", 10)


def test_a_score_that_is_not_the_studys_is_said(tiny_study: Study, engine: InMemory) -> None:
    record = upload(tiny_study, "qdrant://here:1")
    query = tiny_study.queries.texts[0]
    first = search_engine(tiny_study, "qdrant://here:1", query).run.documents[0][0]
    points = engine.kept[record.collection][1]
    points[int(first)] = {latent: 1.01 * weight for latent, weight in points[int(first)].items()}
    ((doc_id, theirs, own),) = search_engine(tiny_study, "qdrant://here:1", query).wrong
    assert doc_id == tiny_study.corpus.ids[first]
    assert theirs == pytest.approx(1.01 * own, rel=1e-5)


def test_another_build_is_not_searched(tiny_study: Study, engine: InMemory) -> None:
    with pytest.raises(UserError, match="no collection of this build of tiny: `workbench export"):
        search_engine(tiny_study, "qdrant://here:1", "array")
    upload(tiny_study, "qdrant://here:1")
    manifest = {**tiny_study.manifest, "fingerprint": "another"}
    with pytest.raises(UserError, match="no collection of this build"):
        search_engine(replace(tiny_study, manifest=manifest), "qdrant://here:1", "array")


def test_an_engine_is_named_with_its_address_or_beside_it(
    tiny_study: Study, engine: InMemory, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("export", tiny_study.path, "--to", "qdrant", "--uri", "http://here:1")
    assert command(*asked) == 0
    assert "--engine qdrant:http://here:1" in capsys.readouterr().out
    assert parted("qdrant:http://here:1") == parted("qdrant://here:1")
    same_ranking(tiny_study, "qdrant:http://here:1", 10)


def test_addresses() -> None:
    assert parted("qdrant://host:6333") == (KINDS["qdrant"], "http://host:6333")
    assert parted("milvus:some/file.db") == (KINDS["milvus"], "some/file.db")
    for address in ("elastic://host", "qdrant:", "host:6333"):
        with pytest.raises(UserError, match="names no engine"):
            parted(address)


def test_an_engine_that_is_not_there_is_one_sentence(tiny_study: Study) -> None:
    if importlib.util.find_spec("qdrant_client") is None:
        with pytest.raises(UserError, match="pip install qdrant-client"):
            upload(tiny_study, "qdrant://127.0.0.1:9")
        return
    with pytest.raises(UserError, match=r"qdrant at http://127\.0\.0\.1:9 did not answer as expected"):
        upload(tiny_study, "qdrant://127.0.0.1:9")
