"""Find a query, a document or a latent of a study by a few letters; without any, the ones to begin with."""

from __future__ import annotations

from itertools import islice

from retrieval.study import Study
from workbench.caches import cache
from workbench.page import idf

SHORTEST, LONGEST = 20, 90  # characters of a query that reads at a glance
DEPTH = 10


def queries(study: Study, wanted: str, most: int) -> list[str]:
    """The collection's own queries that hold a text; a few, spread over all, where it is ""."""
    texts = study.queries.texts
    if wanted:
        folded = wanted.casefold()
        return list(islice((text for text in texts if folded in text.casefold()), most))
    short = [text for text in texts if SHORTEST <= len(text) <= LONGEST] or list(texts)
    return short[:: max(len(short) // most, 1)][:most]


def documents(key: cache.Key, study: Study, wanted: str, query: str, most: int) -> list[tuple[str, str]]:
    """(id, title) of documents: whose id or title holds a text, or else that the query finds, the first first."""
    corpus = study.corpus
    if wanted:
        folded = wanted.casefold()
        rows: list[int] = [study.position[wanted]] if wanted in study.position else []
        like = (row for row, one in enumerate(corpus.ids) if folded in one.casefold())
        titled = (row for row, title in enumerate(corpus.titles) if folded in title.casefold())
        found = islice(dict.fromkeys([*rows, *islice(like, most), *islice(titled, most)]), most)
        return [(corpus.ids[row], corpus.titles[row] or corpus.ids[row]) for row in found]
    if not query:
        return []
    ranking = cache.rankings(key, query, idf.chosen(), DEPTH)
    first = ranking[ranking["latent_rank"].notna() & (ranking["latent_rank"] <= most)]
    return [(row["doc_id"], row["title"] or row["doc_id"]) for row in first.to_dict("records")]


def some(study: Study, most: int) -> list[tuple[str, str]]:
    """(id, title) of a few documents, spread over the collection."""
    rows = range(0, len(study.corpus), max(len(study.corpus) // most, 1))[:most]
    return [(study.corpus.ids[row], study.corpus.titles[row] or study.corpus.ids[row]) for row in rows]


def latents(key: cache.Key, wanted: str, most: int) -> list[tuple[int, str]]:
    """(latent, label and number) of latents whose label or number is like a text, those in most documents first."""
    table, folded = cache.vocabulary_table(key), wanted.strip().casefold()
    if folded.isascii() and folded.isdigit():
        found = table[table["latent"] == int(folded)] if len(folded) < 10 else table.head(0)
    elif folded:
        found = table[table["label"].str.casefold().str.contains(folded, regex=False)]
    else:
        found = table
    first = found.nlargest(most, "document_frequency") if len(found) > most else found
    return [(int(row["latent"]), named(row["label"], row["latent"])) for row in first.to_dict("records")]


def named(label: str, latent: int) -> str:
    """A latent's label and number."""
    return f"{label or 'no label'}  {latent}"
