"""The `workbench` command: verbs, thin. Tables and progress for people, `--json` on standard output for scripts."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from data.downloads import allow_downloads
from data.errors import UserError
from data.remote_code import trust
from data.terminal import say
from workbench.verbs.registry import CURRENT_NAMES, VERBS

INTERRUPTED = 130
TRUST, DOWNLOAD = "--trust-remote-code", "--download"


class _Verbs(TyperGroup):
    """The verbs; an older name of one does the same, and prints the new name on standard error."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, CURRENT_NAMES.get(cmd_name, cmd_name))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The options of all verbs may stand before the verb or anywhere behind it."""
        common = [option for option in (TRUST, DOWNLOAD) if option in args]
        return super().parse_args(ctx, common + [word for word in args if word not in common])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and (name := CURRENT_NAMES.get(args[0])):
            say(f"`{args[0]}` is now `{name}`", file=sys.stderr)
            args = [name, *args[1:]]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Verbs,
    help="Read the vocabulary that a dense retriever's latents form, rank with it, and see why.\n\n"
    "Start with `workbench demo`. Then: `train` an SAE on a text, `index` a collection with it into a study, "
    "and ask the study: `search`, `explain`, `evaluate`, `latent`, `app`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    trust_remote_code: Annotated[
        bool, typer.Option(TRUST, help="Run the Python code that an encoder brings along; read it before.")
    ] = False,
    download: Annotated[
        bool,
        typer.Option(
            DOWNLOAD, help="Download an encoder that a study or an SAE names; those that you name always are."
        ),
    ] = False,
) -> None:
    if download:
        allow_downloads()
    if trust_remote_code:
        trust()
        say(f"{TRUST}: Python code that comes with an encoder is run, with your rights", file=sys.stderr)


for verb in VERBS:
    app.command(verb.name, rich_help_panel=verb.panel)(verb.run)


def main() -> None:
    """Run the command line: user errors are one sentence and status 2, an interrupt is status 130."""
    try:
        app(standalone_mode=True)
    except UserError as error:
        sys.exit(_fail(str(error)))
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer's, for Ctrl-C
            say(
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
        sys.exit(_fail(f"internal error, {type(error).__name__}: {error} (WORKBENCH_DEBUG=1 shows where)"))


def _fail(sentence: str) -> int:
    if int(os.environ.get("RANK", "0")):  # torchrun's first process prints it, and must not be killed before
        return 0
    say(f"workbench: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
