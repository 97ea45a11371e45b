"""Datasets on the Hugging Face hub in BEIR's layout, such as BeIR/scifact and mteb/scifact.

A repository with BEIR's own files is downloaded and read as a BEIR folder, which keeps line numbers and needs
only huggingface_hub (`datasets` refuses BeIR/*, whose repositories hold a script). Any other repository is read
through `datasets`, as configurations `corpus`, `queries` and `qrels` or `default`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.corpus import Collection, Problem, Qrels, Queries
from data.errors import UserError
from data.readers.beir import find_qrels, read_beir
from data.readers.names import QUERIES
from data.readers.qrels import judgements_of
from data.readers.records import corpus_of, judged, queries_of
from data.readers.tabular import Columns, rows_of

BEIR_FILES = ["corpus.jsonl*", "queries.jsonl*", "qrels/*", "qrels.*"]


def read_hub(repository: str, split: str = "test") -> Collection:
    """The collection of a dataset repository, downloaded the first time, later read from the hub's cache.

    Judgements may lie in a repository of their own, `<repository>-qrels`, as those of BeIR do. A repository that
    cannot be reached, or that has no qrels for `split`, raises a `UserError`.
    """
    folder = _download(repository, BEIR_FILES)
    if not any(folder.glob("corpus.jsonl*")):
        return _read_configurations(repository, split)
    qrels_file = None
    if any(folder.glob("queries.jsonl*")) and find_qrels(folder, split) is None:
        qrels_file = _download(f"{repository}-qrels", ["*.tsv"]) / f"{split}.tsv"
        if not qrels_file.is_file():
            splits = ", ".join(sorted(path.stem for path in qrels_file.parent.glob("*.tsv")))
            raise UserError(f"hf:{repository} has no qrels for split {split!r}: its splits are {splits}")
    collection = read_beir(folder, split, qrels_file)
    card = {**collection.card, "source": f"hf:{repository}", "revision": folder.name}
    return replace(collection, name=repository, card=card)


def read_hub_text(name: str) -> Collection:
    """The first documents of a dataset of plain text: "REPOSITORY:DOCUMENTS", "REPOSITORY@CONFIGURATION:DOCUMENTS".

    Documents are streamed in the order of the dataset's files, so only they are downloaded: for example a slice of
    FineWeb-Edu to train an SAE on. The split is `train`; id, text and title columns go by their usual names.
    """
    where, _, number = name.rpartition(":")
    repository, _, configuration = where.partition("@")
    if not repository or not number.isdecimal() or int(number) == 0:
        raise UserError(
            f"hf-text:{name} names no dataset or no number of documents: expected hf-text:REPOSITORY:DOCUMENTS or "
            "hf-text:REPOSITORY@CONFIGURATION:DOCUMENTS, such as "
            "hf-text:HuggingFaceFW/fineweb-edu:20000"
        )
    datasets = _datasets(repository)
    problems: list[Problem] = []
    try:
        table = datasets.load_dataset(repository, configuration or None, split="train", streaming=True)
        rows = rows_of(enumerate(table.take(int(number)), 1), where, Columns())
        corpus = corpus_of(rows, problems, f"hf-text:{name}")
    except UserError:
        raise
    except Exception as error:  # network, name and format errors of several libraries
        raise _unreachable(repository, error) from error
    card = {"source": f"hf-text:{name}", "split": None, "versions": {"datasets": datasets.__version__}}
    return Collection(where, corpus, Queries((), ()), {}, tuple(problems), card)


def _download(repository: str, patterns: list[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return Path(snapshot_download(repository, repo_type="dataset", allow_patterns=patterns))
    except RepositoryNotFoundError as error:
        raise UserError(
            f"the Hugging Face hub shows no dataset {repository!r}: check its name, or log in if it is private"
        ) from error
    except Exception as error:  # network, proxy, disk and name errors of several libraries
        raise _unreachable(repository, error) from error


def _unreachable(repository: str, error: Exception) -> UserError:
    reason = str(error).split("\n")[0] or type(error).__name__
    return UserError(
        f"hf:{repository} is not in the local cache and could not be downloaded from the Hugging Face hub "
        f"({reason}): connect to a network, or give the folder of a copy"
    )


def _read_configurations(repository: str, split: str) -> Collection:
    """Configurations `corpus` and `queries`, and judgements by split in `qrels` or `default`."""
    source = f"hf:{repository}"
    problems: list[Problem] = []
    names = _configuration_names(repository)
    if "corpus" not in names:
        raise UserError(
            f"{source} has no configuration 'corpus', only {', '.join(names)}: it is not in BEIR's layout"
        )
    corpus_table = _one_split(_configuration(repository, "corpus"), ("corpus", split), source)
    ids_for = "the judgements" if "queries" in names else ""
    corpus_rows = rows_of(enumerate(corpus_table, 1), f"{source} corpus", Columns(), ids_for=ids_for)
    corpus = corpus_of(corpus_rows, problems, source)
    queries = Queries((), ())
    qrels: Qrels = {}
    if "queries" in names:
        queries_table = _one_split(_configuration(repository, "queries"), ("queries", split), source)
        query_rows = rows_of(enumerate(queries_table, 1), f"{source} queries", Columns(), QUERIES, ids_for)
        queries = queries_of(query_rows, problems)
        judgements = _configuration(repository, "qrels" if "qrels" in names else "default")
        if split not in judgements:
            raise UserError(
                f"{source} has no qrels for split {split!r}: its splits are {', '.join(judgements)}"
            )
        read = judgements_of(enumerate(judgements[split], 1), f"{source} judgement", problems)
        queries, qrels = judged(read, corpus, queries, problems, source)
    card = {"source": source, "split": split if qrels else None}
    return Collection(repository, corpus, queries, qrels, tuple(problems), card)


def _configuration_names(repository: str) -> list[str]:
    datasets = _datasets(repository)
    try:
        return list(datasets.get_dataset_config_names(repository))
    except Exception as error:
        raise _unreachable(repository, error) from error


def _configuration(repository: str, name: str) -> Mapping[str, Iterable[dict[str, Any]]]:
    """split name -> rows."""
    datasets = _datasets(repository)
    try:
        splits: Mapping[str, Iterable[dict[str, Any]]] = datasets.load_dataset(repository, name)
    except Exception as error:
        raise _unreachable(repository, error) from error
    return splits


def _datasets(repository: str) -> Any:
    try:
        import datasets
    except ImportError:
        raise UserError(
            f"hf:{repository} needs the package `datasets`, which is not installed: pip install datasets"
        ) from None
    return datasets


def _one_split(
    splits: Mapping[str, Iterable[dict[str, Any]]], wanted: tuple[str, ...], source: str
) -> Iterable[dict[str, Any]]:
    for name in wanted:
        if name in splits:
            return splits[name]
    if len(splits) == 1:
        return next(iter(splits.values()))
    raise UserError(f"{source}: none of the splits {', '.join(splits)} is called {' or '.join(wanted)}")
