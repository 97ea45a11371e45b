"""Rankings beside each other: each column is that system's own ranking."""

from __future__ import annotations

import pytest

from analyses.comparison.query_rankings import compare_rankings, judged_places, query_id_of
from retrieval.study import Study
from retrieval.systems import SYSTEMS, compared_systems


def test_a_column_is_the_systems_own_ranking(tiny_study: Study) -> None:
    query = str(tiny_study.queries.texts[5])
    table = compare_rankings(tiny_study, query, depth=10)
    single = [one.name for one in compared_systems(tiny_study) if not one.parts]
    assert [name.removesuffix("_rank") for name in table if name.endswith("_rank")] == single
    assert not any(SYSTEMS[name].parts for name in single)
    for system in single:
        own = tiny_study.search(query, 10, system)
        shown = table[table[f"{system}_rank"] <= 10].sort_values(f"{system}_rank")
        assert shown["doc_id"].tolist() == own["doc_id"].tolist()
        assert shown[f"{system}_score"].tolist() == pytest.approx(own["score"].tolist())


def test_documents_beyond_a_systems_first_ten_keep_their_place(tiny_study: Study) -> None:
    query = str(tiny_study.queries.texts[5])
    table = compare_rankings(tiny_study, query, depth=10)
    cosine = tiny_study.search(query, len(tiny_study.corpus), "cosine").set_index("doc_id")["rank"]
    assert (table["cosine_rank"] > 10).any()
    assert table["cosine_rank"].tolist() == cosine.loc[table["doc_id"]].tolist()


def test_grades_come_from_the_judges(tiny_study: Study) -> None:
    identifier, text = tiny_study.queries.ids[5], str(tiny_study.queries.texts[5])
    assert query_id_of(tiny_study, f" {text} ") == identifier
    assert query_id_of(tiny_study, "nobody asked this") is None
    table = compare_rankings(tiny_study, text, depth=50, query_id=identifier)
    graded = table[table["grade"].notna()]
    assert set(graded["doc_id"]) <= set(tiny_study.qrels[identifier])
    assert len(graded)
    assert compare_rankings(tiny_study, text, depth=5)["grade"].isna().all()


def test_judged_documents_stand_where_each_system_ranks_them(tiny_study: Study) -> None:
    identifier, text = tiny_study.queries.ids[5], str(tiny_study.queries.texts[5])
    table = judged_places(tiny_study, tiny_study.encode(text), identifier)
    relevant = {doc_id for doc_id, grade in tiny_study.qrels[identifier].items() if grade > 0}
    assert set(table["doc_id"]) == relevant
    whole = tiny_study.search(text, len(tiny_study.corpus)).set_index("doc_id")["rank"]
    assert table["latent_rank"].tolist() == whole.reindex(table["doc_id"]).tolist()
    assert table["latent_rank"].is_monotonic_increasing
    shallow = judged_places(tiny_study, tiny_study.encode(text), identifier, pool=1)
    assert set(shallow["doc_id"]) == relevant
    assert shallow["latent_rank"].dropna().isin([1]).all()
