"""The verb app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.verbs.options import HostName, ModelUrl, Port


def run(
    studies: Annotated[list[Path] | None, typer.Argument(help="Studies, or folders of studies.")] = None,
    port: Port = 8501,
    host_name: HostName = None,
    model_url: ModelUrl = "",
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="For readers: starts no job, writes nothing, sends nothing, opens no path; notes stay in each "
            "reader's browser session.",
        ),
    ] = False,
    engine: Annotated[
        str,
        typer.Option(
            help="An engine that `workbench export` wrote the studies into, by which Search ranks too: "
            "qdrant://HOST:PORT ...",
            metavar="ADDRESS",
        ),
    ] = "",
) -> None:
    """Open the app on one or more studies (default: all under ./artifacts/studies).

    It listens on this machine only, and answers to this machine's names. To share it with readers, start it with
    --read-only behind a reverse proxy, whose name --host-name gives (docs/sharing.md):

    `workbench app studies/scifact --read-only --host-name lab.example.org`
    """
    from workbench.export.engines.engine import parted
    from workbench.page.serve import Sharing, serve_app

    if engine:
        parted(engine)
    serve_app(studies or [], port, Sharing(host_name or (), read_only, model_url, engine))
