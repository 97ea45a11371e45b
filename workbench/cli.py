"""The `workbench` command: verbs, thin. Tables and progress for people, `--json` on standard output for scripts."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

import typer

from data.errors import UserError

# Everything that imports torch or numba is imported inside the verb that needs it: `--help` stays instant.
from workbench.verbs import (
    asking,
    comparing,
    dictionary,
    encoders,
    explanations,
    failures,
    interventions,
    laboratory,
    language,
    looking,
    making,
    map,
    notes,
    paper,
    ranking,
    tables,
    vocabulary,
)

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
VERBS: dict[str, dict[str, Callable[..., None]]] = {
    "Make": {
        "demo": making.demo,
        "train": making.train_verb,
        "import-sae": laboratory.import_sae,
        "index": making.index_verb,
        "complete": map.complete_verb,
        "sae-card": laboratory.sae_card,
        "compare-saes": laboratory.compare_saes,
        "sweep-layers": encoders.sweep_layers_verb,
        "pretrain": encoders.pretrain_verb,
    },
    "Read the vocabulary": {
        "latent": asking.latent,
        "latents": dictionary.latents_verb,
        "notes": notes.notes_verb,
        "explain-latents": explanations.explain_latents_verb,
        "vocabulary-table": tables.vocabulary_table_verb,
        "type-controls": tables.type_controls_verb,
        "map": map.map_verb,
        "vocabulary": vocabulary.vocabulary_verb,
        "growth": language.growth_verb,
        "head": language.head_verb,
        "length": language.length_verb,
        "meaning": comparing.meaning_verb,
        "shift": comparing.shift_verb,
    },
    "Rank, and say why": {
        "search": asking.search_verb,
        "explain": asking.explain,
        "compare": ranking.compare,
        "ablate": interventions.ablate_verb,
        "carriers": interventions.carriers_verb,
        "failures": failures.failures_verb,
        "evaluate": asking.evaluate,
        "add-run": failures.add_run_verb,
        "learned-sparse": vocabulary.learned_sparse_verb,
    },
    "Look, and print": {
        "app": looking.app_verb,
        "paper": paper.paper_verb,
        "collection": looking.collection,
        "jobs": looking.jobs_verb,
    },
}
for panel, verbs in VERBS.items():
    for name, verb in verbs.items():
        app.command(name, rich_help_panel=panel)(verb)


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
    if int(
        os.environ.get("RANK", "0")
    ):  # torchrun's others: the first says it, and must not be killed before
        return 0
    print(f"workbench: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
