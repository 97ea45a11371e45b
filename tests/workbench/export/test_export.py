"""What leaves a study says what the study says: read back by others' readers, scores and tokens are the same."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from data.errors import UserError
from data.files import read_json
from retrieval.queries import study_queries
from retrieval.study import Study
from workbench.export.formats import FORMATS, RECORD, export
from workbench.export.impacts import cost_of_integers, impacts_of


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def top(study: Study, row: int, depth: int = 10) -> tuple[list[str], list[float]]:
    results = study.search(study.queries.texts[row], depth=depth)
    return list(results["doc_id"]), list(results["score"])


def test_jsonl_is_an_inner_product_that_ranks_as_the_study_does(tiny_study: Study, tmp_path: Path) -> None:
    export(tiny_study, "jsonl", tmp_path / "out")
    documents = lines(tmp_path / "out" / "documents.jsonl")
    assert [line["id"] for line in documents] == list(tiny_study.corpus.ids)
    assert [line["contents"] for line in documents] == list(tiny_study.corpus.texts)
    for row, query in list(enumerate(lines(tmp_path / "out" / "queries.jsonl")))[:5]:
        score = {
            line["id"]: sum(w * line["vector"].get(latent, 0.0) for latent, w in query["vector"].items())
            for line in documents
        }
        doc_ids, scores = top(tiny_study, row)
        np.testing.assert_allclose([score[doc_id] for doc_id in doc_ids], scores, rtol=1e-5)
        assert max(score.values()) == pytest.approx(scores[0], rel=1e-5)


def test_duckdb_ranks_and_counts_the_tables_as_the_study_does(tiny_study: Study, tmp_path: Path) -> None:
    export(tiny_study, "parquet", tmp_path / "out")
    out = tmp_path / "out"
    query_id = tiny_study.queries.ids[0]
    ranking = duckdb.execute(
        f"SELECT doc_id, sum(weight * impact) AS score FROM '{out}/queries.parquet' JOIN '{out}/postings.parquet' "
        f"USING (latent) JOIN '{out}/documents.parquet' USING (document) WHERE query_id = ? "
        "GROUP BY doc_id, document ORDER BY score DESC, document LIMIT 10",
        [query_id],
    ).fetchall()
    doc_ids, scores = top(tiny_study, 0)
    np.testing.assert_allclose([score for _, score in ranking], scores, rtol=1e-5)
    assert {doc_id for doc_id, _ in ranking[:3]} == set(doc_ids[:3])
    summed = duckdb.sql(
        f"SELECT latent, sum(activation) FROM (SELECT unnest(latents) AS latent, unnest(activations) AS activation "
        f"FROM '{out}/tokens.parquet') WHERE activation > 0 GROUP BY latent ORDER BY latent"
    ).fetchnumpy()
    index = tiny_study.index
    expected = np.add.reduceat(index.counts, index.indptr[:-1][index.document_frequency > 0])
    np.testing.assert_array_equal(summed["latent"], np.flatnonzero(index.document_frequency))
    np.testing.assert_allclose(summed["sum(activation)"], expected, rtol=1e-4)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field of a protobuf message, by its wire format."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(message, at)
            yield number, value
        elif wire == 1:
            yield number, struct.unpack("<d", message[at : at + 8])[0]
            at += 8
        else:
            size, at = varint(message, at)
            yield number, message[at : at + size]
            at += size


def messages(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size, at = varint(data, at)
        yield data[at : at + size]
        at += size


def test_ciff_read_by_its_wire_format_holds_every_posting(tiny_study: Study, tmp_path: Path) -> None:
    record = export(tiny_study, "ciff", tmp_path / "out")
    head, *rest = messages((tmp_path / "out" / "index.ciff").read_bytes())
    header = dict(fields(head))
    index = tiny_study.index
    n_terms = int((index.document_frequency > 0).sum())
    assert (header[2], header[3], header[5]) == (n_terms, index.n_docs, index.n_docs)
    assert len(rest) == n_terms + index.n_docs
    lengths = np.zeros(index.n_docs, np.int64)
    for message in rest[:n_terms]:
        parts = list(fields(message))
        term = int(dict(parts)[1])
        postings = [dict(fields(value)) for number, value in parts if number == 4]
        documents = np.cumsum([posting.get(1, 0) for posting in postings])
        np.testing.assert_array_equal(documents, index.postings(term)[0])
        tfs = np.array([posting[2] for posting in postings])
        assert 1 <= tfs.min() <= tfs.max() <= 255
        assert dict(parts)[3] == tfs.sum()
        lengths[documents] += tfs
    records = [dict(fields(message)) for message in rest[n_terms:]]
    assert [record[2].decode() for record in records] == list(tiny_study.corpus.ids)
    assert [record.get(3, 0) for record in records] == lengths.tolist()
    assert record["nDCG@10_integers"] == pytest.approx(record["nDCG@10"], abs=0.05)


def test_more_bits_cost_less_and_floats_nothing(tiny_study: Study) -> None:
    costs = {bits: cost_of_integers(tiny_study, impacts_of(tiny_study, bits=bits)) for bits in (0, 8, 16)}
    assert costs[0] == {}
    assert costs[8]["kendall_tau"] < costs[16]["kendall_tau"] <= 1
    assert costs[16]["nDCG@10_integers"] == pytest.approx(costs[16]["nDCG@10"], abs=1e-3)
    impacts = impacts_of(tiny_study, bits=16)
    exact = impacts_of(tiny_study)
    np.testing.assert_allclose(
        impacts.index.impact / impacts.scale, exact.index.impact, atol=1.01 / impacts.scale
    )
    assert impacts.of_queries(study_queries(tiny_study).counts).data.min() > 0


def test_what_cannot_be_is_one_sentence_and_leaves_nothing(tiny_study: Study, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    for to, bits, out, sentence in (
        ("xml", None, "out", 'export format "xml": choose one of jsonl, parquet, neuronpedia, ciff'),
        ("ciff", 0, "out", "integers alone"),
        ("jsonl", 7, "out", "choose 8 or 16"),
        ("jsonl", None, "mine", "holds files that are no export"),
    ):
        with pytest.raises(UserError, match=sentence):
            export(tiny_study, to, tmp_path / out, bits=bits)
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize("to", FORMATS)
def test_the_verb_writes_and_says_what_it_wrote(
    to: str,
    tiny_study: Study,
    tmp_path: Path,
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert command("export", tiny_study.path, "--to", to, "--out", out, "--bits", 16, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == read_json(out / RECORD)
    assert said["fingerprint"] == tiny_study.manifest["fingerprint"]
    assert command("export", tiny_study.path, "--to", to, "--out", out) == 0, "an export may replace itself"
