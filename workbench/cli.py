"""The `workbench` command: verbs, thin. Tables and progress for people, `--json` on standard output for scripts."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import UserError
from workbench.printing import print_evaluation, print_json, print_means, print_table, say_problems

# Everything that imports torch or numba is imported inside the verb that needs it: `--help` stays instant.
if TYPE_CHECKING:
    from data.corpus import Collection

app = typer.Typer(
    help="Read the vocabulary that a dense retriever's latents form, rank with it, and see why.\n\n"
    "Start with `workbench demo`. Then: `train` an SAE on a text, `index` a collection with it into a study, "
    "and ask the study: `search`, `explain`, `evaluate`, `latent`, `app`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130

StudyFolder = Annotated[
    Path, typer.Argument(help="Study folder, as made by `workbench index`.", metavar="STUDY")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Split = Annotated[str, typer.Option(help="Which qrels of the collection: test, train, dev ...")]
Idf = Annotated[
    str,
    typer.Option(
        help="`clipped` as in the paper, or `lucene`: ln(1 + (N - n + .5)/(n + .5)).", metavar="IDF"
    ),
]
SOURCE_HELP = (
    "What to read: `docstrings` (embedded), `limit:5000` (generated), a BEIR folder, a .jsonl/.csv/.tsv/.parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")] = 8501,
    serve: Annotated[bool, typer.Option(help="Open the app at the end.")] = True,
) -> None:
    """Run the whole road on the embedded collection, then open the app on it.

    Docstrings of the installed Python packages are encoded with all-MiniLM-L6-v2, an SAE is trained on their
    token states, and they are indexed by its latents: a few minutes the first time, seconds from then on.
    """
    from workbench.demo import build_demo

    study = build_demo()
    print_evaluation(study)
    if serve:
        from workbench.serve import serve_app

        serve_app([study], port)


@app.command("train")
def train_verb(
    text: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[
        Path, typer.Option(help="Folder for the SAE (SAELens's layout, with a log a plot can read).")
    ],
    encoder: Annotated[
        str, typer.Option(help="`minilm` (embedded), a Hugging Face id, or a folder.")
    ] = "minilm",
    latents: Annotated[int, typer.Option(help="How many latents the dictionary has.")] = 8192,
    k: Annotated[int, typer.Option(help="How many latents describe one token.")] = 16,
    tokens: Annotated[str, typer.Option(help="Token views to train on, such as 6M.")] = "6M",
    epochs: Annotated[
        int, typer.Option(help="Views of each token: at most tokens / epochs distinct tokens are encoded.")
    ] = 3,
    batch: Annotated[int, typer.Option(help="Tokens in a batch.")] = 4096,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(help="Seed of documents, initialisation and order.")] = 0,
    layer: Annotated[
        int | None, typer.Option(help="Hidden layer (0 is the embeddings); default: final.")
    ] = None,
    max_length: Annotated[int, typer.Option(help="Tokens of a text that are read.")] = 256,
    query_prefix: Annotated[str, typer.Option(help="Put before every query, as some encoders ask.")] = "",
    document_prefix: Annotated[str, typer.Option(help="Put before every document.")] = "",
    special_tokens: Annotated[
        bool, typer.Option(help="Keep the states of [CLS], [SEP] and their like.")
    ] = True,
    precision: Annotated[
        str, typer.Option(help="`float32`, or `bfloat16` where the hardware has it.")
    ] = "float32",
    device: Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")] = "auto",
    split: Split = "test",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train an SAE on the token states of a text.

    The recipe is the paper's (arXiv 2605.29384): Top-K, AdamW, 5% warm-up then cosine to 0, batches of 4,096
    tokens, three views of each token. Example:

    `workbench train --text my-corpus/ --tokens 6M --out saes/mine`
    """
    from data.encoders import Encoder, EncoderConfig
    from sae.train import TrainConfig
    from workbench.progress import StageProgress
    from workbench.stages import train_autoencoder

    if epochs < 1:
        raise UserError(f"--epochs {epochs} reads no text: expected 1 or more")
    config = TrainConfig(
        n_latents=latents,
        k=k,
        n_tokens=parse_count(tokens),
        batch_size=batch,
        peak_learning_rate=learning_rate,
        seed=seed,
    )
    encoder_config = EncoderConfig(
        encoder,
        layer,
        max_length,
        query_prefix,
        document_prefix,
        special_tokens,
        precision,  # type: ignore[arg-type]  # Encoder.load refuses any other
        device,
    )
    collection = _load(text, split)
    with StageProgress() as progress:
        loaded = Encoder.load(encoder_config)
        sae = train_autoencoder(collection, loaded, config, epochs, out, progress, resume)
    facts = {"sae": str(out), "n_latents": sae.n_latents, "k": sae.k, "trained_on": dict(sae.trained_on)}
    if as_json:
        print_json(facts)
    else:
        print(f"SAE in {out}: {sae.n_latents:,} latents, k {sae.k}")


@app.command("index")
def index_verb(
    sae: Annotated[Path, typer.Option(help="SAE folder; it knows which encoder it was trained on.")],
    collection: Annotated[str, typer.Option(help=SOURCE_HELP)],
    out: Annotated[Path, typer.Option(help="Folder for the study.")],
    split: Split = "test",
    pooling: Annotated[
        str, typer.Option(help="How a latent's activations are pooled: `sum` or `max`.")
    ] = "sum",
    queries: Annotated[
        int | None, typer.Option(help="Evaluate at most so many queries, evenly spaced.")
    ] = None,
    device: Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Index a collection by an SAE's latents into a study folder, and evaluate it where there are qrels.

    Interrupt it at any time: the same command goes on where it stopped. Example:

    `workbench index --sae saes/mine --collection scifact/ --out studies/scifact`
    """
    from data.encoders import Encoder, EncoderConfig
    from sae.checkpoint import load_autoencoder
    from workbench.progress import StageProgress
    from workbench.stages import make_study

    if pooling not in ("sum", "max"):
        raise UserError(f"--pooling {pooling} is unknown: expected sum or max")
    loaded_sae = load_autoencoder(sae)
    config = _encoder_config(loaded_sae.trained_on, sae) | {"device": device}
    loaded = _load(collection, split)
    with StageProgress() as progress:
        encoder = Encoder.load(EncoderConfig(**config))
        study = make_study(
            loaded,
            encoder,
            loaded_sae,
            out,
            progress,
            pooling="max" if pooling == "max" else "sum",
            max_queries=queries,
        )
    if as_json:
        print_json({"study": str(out), "counts": study.manifest["counts"], "evaluation": study.evaluation})
    else:
        print_evaluation(out)


@app.command("search")
def search_verb(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    depth: Annotated[int, typer.Option(help="How many results.", min=1)] = 10,
    system: Annotated[str, typer.Option(help="`latent`, `cosine` or `bm25`.")] = "latent",
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Rank the study's documents for a query."""
    from retrieval.study import Study

    if system not in ("latent", "cosine", "bm25"):
        raise UserError(f"--system {system} is unknown: expected latent, cosine or bm25")
    opened = Study.open(study)
    table = opened.search(_query(query), depth, system, _parameters(idf))  # type: ignore[arg-type]
    if as_json:
        print_json({"query": query, "results": table[["rank", "doc_id", "score"]].to_dict("records")})
    elif table.empty:
        print("No document shares a term with this query.")
    else:
        print_table(table)


@app.command()
def explain(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    doc_id: Annotated[str, typer.Argument(help="Id of the document whose score is to be explained.")],
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Show which latents give a document its score, and on which tokens.

    The latents' contributions add up to the score. Each is shared over the tokens of document and query in
    proportion to their activations.
    """
    from analyses.attribution import explain as explain_document
    from retrieval.study import Study

    explanation = explain_document(Study.open(study), _query(query), doc_id, _parameters(idf))
    if as_json:
        print_json(explanation.to_dict())
    else:
        print(f"score {explanation.score:.4f}, of {len(explanation.ledger)} shared latents")
        print_table(explanation.ledger.head(20))


@app.command()
def evaluate(
    study: StudyFolder,
    runs: Annotated[
        Path | None, typer.Option(help="Write each system's ranking to DIR/<system>.trec.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate latent terms (with the paper's idf and with Lucene's), cosine and lexical BM25 by the qrels."""
    from retrieval.study import Study
    from retrieval.systems import evaluate_systems, write_runs

    evaluation = evaluate_systems(Study.open(study))
    if runs:
        write_runs(evaluation.runs, runs)
    if as_json:
        print_json(evaluation.means)
    else:
        print_means(evaluation.means)


@app.command()
def latent(
    study: StudyFolder,
    number: Annotated[int, typer.Argument(help="The latent, from 0.", metavar="LATENT")],
    as_json: AsJson = False,
) -> None:
    """Show what a latent encodes: its statistics, wordpieces and strongest contexts."""
    from analyses.dictionary import latent_entry
    from retrieval.study import Study

    entry = latent_entry(Study.open(study), number).to_dict()
    if as_json:
        print_json(entry)
        return
    print(f"latent {number}: {entry['label']}")
    for name, value in entry["statistics"].items():
        shown = f"{value:,.4g}" if isinstance(value, int | float) else value
        print(f"  {name.replace('_', ' '):<24}{shown}")
    for context in entry["contexts"][:8]:
        print("  -", " ".join(str(context["text"]).split()))


@app.command("app")
def app_verb(
    studies: Annotated[list[Path] | None, typer.Argument(help="Studies, or folders of studies.")] = None,
    port: Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")] = 8501,
) -> None:
    """Open the app on one or more studies (default: all under ./artifacts/studies)."""
    from workbench.serve import serve_app

    serve_app(studies or [], port)


@app.command()
def collection(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    out: Annotated[Path | None, typer.Option(help="Write it as a BEIR folder.")] = None,
    split: Split = "test",
    id_column: Annotated[str | None, typer.Option(help="Column of a file that holds the ids.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Column that holds the text.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column that holds the title.")] = None,
    topics: Annotated[Path | None, typer.Option(help="TREC topics to ask of these documents.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC qrels of those topics.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read a collection and say what is in it, and what is wrong with it.

    With `--out` it becomes a BEIR folder that every other verb reads, so that documents in a table, or TREC
    topics and qrels, are brought in once:

    `workbench collection docs.csv --text-column body --topics topics.txt --qrels qrels.txt --out mine/`
    """
    from data.collections import load_collection, save_collection
    from data.readers.tabular import Columns

    columns = Columns(id_column, text_column, title_column)
    loaded = load_collection(source, split, columns=columns, topics=topics, qrels=qrels)
    if out:
        save_collection(loaded, out)
    facts: dict[str, Any] = {
        "name": loaded.name,
        "documents": len(loaded.corpus),
        "queries": len(loaded.queries),
        "judgements": sum(len(grades) for grades in loaded.qrels.values()),
        "card": dict(loaded.card),
        "problems": [vars(problem) for problem in loaded.problems],
    }
    if as_json:
        print_json(facts)
        return
    print(f"{loaded.name}: {facts['documents']:,} documents, {facts['queries']:,} queries, ", end="")
    print(f"{facts['judgements']:,} judgements")
    for key, value in loaded.card.items():
        print(f"  {key}: {value}")
    say_problems(loaded, at_most=50)


def parse_count(text: str) -> int:
    """A count such as 6M, 250k or 1_000_000, as a whole number above 0."""
    number, unit = text.strip().replace("_", "").replace(",", ""), 1
    for suffix, factor in (("k", 10**3), ("m", 10**6), ("b", 10**9)):
        if number.lower().endswith(suffix):
            number, unit = number[:-1], factor
    try:
        count = round(float(number) * unit)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise UserError(f"--tokens {text} is not a count: expected something like 500k, 6M or 250000")
    return count


def _load(source: str, split: str) -> Collection:
    from data.collections import load_collection

    loaded = load_collection(source, split)
    if not len(loaded.corpus):
        raise UserError(f"{source} holds no documents: expected at least one")
    say_problems(loaded, at_most=5)
    return loaded


def _encoder_config(trained_on: Any, sae: Path) -> dict[str, Any]:
    encoder = trained_on.get("encoder")
    if not encoder:
        raise UserError(
            f"SAE {sae} does not say which encoder it was trained on: train one with `workbench train`"
        )
    return dict(encoder["config"])


def _query(query: str) -> str:
    if not query.strip():
        raise UserError("the query is empty: expected some text to look for")
    return query


def _parameters(idf: str) -> Any:
    from retrieval.bm25 import Bm25Parameters

    return Bm25Parameters(idf=idf)  # type: ignore[arg-type]  # refuses any other


def main() -> None:
    """Run the command line: user errors are one sentence and status 2, an interrupt is status 130."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        sys.exit(_fail(str(error)))
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer's, for Ctrl-C
            print(
                "interrupted: finished stages are kept, run the same command again to go on (train with --resume)",
                file=sys.stderr,
            )
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(
                _fail(f"the disk is full ({error.filename}): free some space and run the same command again")
            )
        sys.exit(_fail(f"{error.strerror or error}: {error.filename}"))
    except Exception as error:
        if os.environ.get("WORKBENCH_DEBUG"):
            traceback.print_exc()
        sys.exit(
            _fail(
                f"a fault of the workbench, {type(error).__name__}: {error} (WORKBENCH_DEBUG=1 shows where)"
            )
        )


def _fail(sentence: str) -> int:
    print(f"workbench: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
