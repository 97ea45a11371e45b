"""The reader's documents: where they are, how they are read, by which SAE, and what that costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from data.corpus import Collection
from data.errors import UserError
from data.readers.beir import splits_of
from data.readers.first_rows import first_rows
from data.readers.tabular import Columns
from data.uploads import KINDS, keep_upload
from workbench.caches.making import chain
from workbench.jobs.artifacts import artifacts
from workbench.markup import highlight
from workbench.markup.formats import count, counted
from workbench.views.studies import _own_cost

PLACES = {"upload": "Upload a file", "path": "A file or folder here", "hub": "A hub's id"}
READ = "documents to bring"  # of this session, once they are accepted
N_ROWS, N_PROBLEMS, LONGEST = 5, 200, 300
ASIDE = "the text is the only column that is needed"
UPLOAD_HELP = (
    "CSV, TSV, JSONL or Parquet with a document a row, also gzipped, or a zip of a BEIR folder (corpus.jsonl, and "
    "queries.jsonl and qrels if there are any). It is kept on this machine, under the app's artifacts."
)


@dataclass(frozen=True)
class Documents:
    """What was accepted: source, split and columns as `data.collections` reads them, and a line that names it."""

    source: str
    split: str
    columns: Columns
    line: str


def show() -> None:
    """The questions, one after the other."""
    accepted: Documents | None = st.session_state.get(READ)
    if accepted is None:
        ask()
        return
    line, back = st.columns([5, 1], vertical_alignment="center")
    line.html(highlight.facts([("Documents", accepted.line)]))
    if back.button("Change", width="stretch"):
        del st.session_state[READ]
        st.rerun()
    _own_cost.ask(accepted.source, accepted.split, accepted.columns)


def ask() -> None:
    """Where the documents are, and what is read of them."""
    st.html(highlight.subheading("Where are your documents?"))
    place = st.segmented_control(
        "Where",
        list(PLACES),
        format_func=PLACES.__getitem__,
        default="upload",
        required=True,
        key="own place",
        persist_state="session",
        label_visibility="collapsed",
    )
    source = {"upload": uploaded, "path": typed, "hub": of_hub}[str(place)]()
    if not source:
        return
    try:
        columns = choose_columns(source)
        split = choose_split(source)
        with st.spinner("Reading the documents"):
            read = chain.collection(source, split, columns)
    except UserError as error:
        st.html(highlight.calm("These documents cannot be read", shown(str(error))))
        return
    look(source, split, columns, read)


def uploaded() -> str:
    """The upload, kept under the artifacts; "" before there is one."""
    file = st.file_uploader("Drop a file here", [kind.removeprefix(".") for kind in KINDS], key="own file")
    if file is None:
        st.caption(UPLOAD_HELP)
        return ""
    try:
        return str(keep_upload(file.name, file.getvalue(), artifacts().resolve() / "uploads"))
    except UserError as error:
        st.html(highlight.calm("This file cannot be taken", str(error)))
        return ""


def typed() -> str:
    """A path, or one of the collections that need none."""
    path = st.text_input(
        "File or folder",
        key="own path",
        placeholder="/home/me/documents.csv",
        persist_state="session",
        help="A table of documents, or a folder in BEIR's layout; `docstrings` is embedded.",
    ).strip()
    return str(Path(path).expanduser()) if path else ""


def of_hub() -> str:
    """The id of a dataset, as the readers name it."""
    name = st.text_input(
        "Dataset",
        key="own hub",
        placeholder="BeIR/scifact",
        persist_state="session",
        help="A dataset of the Hugging Face hub in BEIR's layout, or `ir_datasets:ID`. It is downloaded when it is "
        "not here yet.",
    ).strip()
    known = name.startswith(("hf:", "hf-text:", "ir_datasets:"))
    return name if known or not name else f"hf:{name}"


def choose_columns(source: str) -> Columns:
    """The columns of a table, as guessed by their usual names and as the reader changes them."""
    path = Path(source)
    if not path.is_file():
        return Columns()
    read = first_rows(path, N_ROWS)
    if not read.columns:
        return Columns()
    st.html(highlight.label(f"Which column holds what? Guessed by name; {ASIDE}."))
    chosen: dict[str, str | None] = {}
    for place, (role, name) in zip(
        st.columns(3), (("text", "Text"), ("title", "Title"), ("id", "Id")), strict=True
    ):
        guess = getattr(read.guessed, role)
        chosen[role] = place.selectbox(
            name,
            read.columns,
            index=read.columns.index(guess) if guess else None,
            key=f"own {role} {source}",
            placeholder={"text": "Choose one", "title": "None", "id": "None: rows are numbered"}[role],
        )
    rows = [{name: cut(row.get(name)) for name in read.columns} for row in read.rows]
    st.dataframe(pd.DataFrame(rows, columns=list(read.columns)), hide_index=True, width="stretch")
    if chosen["text"] is None:
        raise UserError("No column has a usual name for the text: choose the one that holds it.")
    return Columns(**chosen)


def choose_split(source: str) -> str:
    """Which judgements of a folder are read, where it has several."""
    splits = splits_of(Path(source)) if Path(source).is_dir() else []
    if len(splits) < 2:
        return splits[0] if splits else "test"
    first = splits.index("test") if "test" in splits else 0
    return str(st.selectbox("Judgements", splits, index=first, key=f"own split {source}"))


def look(source: str, split: str, columns: Columns, read: Collection) -> None:
    """What was read: how much, every problem, the first documents of what is no table; then the way on."""
    line = described(read)
    judgements = sum(map(len, read.qrels.values()))
    st.html(
        highlight.figures(
            [
                (count(len(read.corpus)), "", "documents"),
                (count(len(read.queries)), "", "queries"),
                (count(judgements), "", "judgements"),
                (count(len(read.problems)), "", "problems met"),
            ]
        )
    )
    if not Path(source).is_file():
        corpus = read.corpus
        rows = zip(corpus.ids[:N_ROWS], corpus.texts[:N_ROWS], strict=True)
        st.dataframe(
            pd.DataFrame([(one, cut(text)) for one, text in rows], columns=["id", "text"]),
            hide_index=True,
            width="stretch",
        )
    if not read.qrels:
        st.caption("Without queries and judgements a study ranks and explains; with them it also measures.")
    show_problems(read)
    if st.button("Use these documents", type="primary"):
        st.session_state[READ] = Documents(source, split, columns, f"{Path(source).name}: {line}")
        st.rerun()


def show_problems(read: Collection) -> None:
    """Every irregularity that the reader met, and what it did."""
    if not read.problems:
        return
    kinds = Counter(problem.kind for problem in read.problems)
    summary = ", ".join(f"{count(number)} × {kind}" for kind, number in kinds.most_common())
    with st.expander(
        f"{counted(len(read.problems), 'problem')} met: {summary}", expanded=len(read.problems) < 10
    ):
        rows = [(one.where, one.kind, cut(one.detail)) for one in read.problems[:N_PROBLEMS]]
        st.dataframe(pd.DataFrame(rows, columns=["where", "problem", "what was done"]), hide_index=True)
        if len(read.problems) > N_PROBLEMS:
            st.caption(f"The first {N_PROBLEMS} of {count(len(read.problems))}.")


def described(read: Collection) -> str:
    """`1,460 documents, 76 judged queries`."""
    judged = f", {count(len(read.queries))} judged queries" if read.qrels else ""
    return f"{count(len(read.corpus))} documents{judged}"


def cut(value: object) -> str:
    """A cell, short enough to be shown."""
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def shown(sentence: str) -> str:
    """An error's sentence with its first letter large, and uploads by their name."""
    folder = f"{artifacts().resolve() / 'uploads'}/"
    head, _, rest = sentence.partition(folder)
    sentence = head + rest.partition("/")[2] if rest else sentence
    first = sentence.partition(" ")[0]
    return sentence[:1].upper() + sentence[1:] if first.isalpha() else sentence
