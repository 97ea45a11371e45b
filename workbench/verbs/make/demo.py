"""The verb demo."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.verbs.options import HostName, ModelUrl, Port
from workbench.verbs.printing import print_evaluation


def run(
    port: Port = 8501,
    host_name: HostName = None,
    model_url: ModelUrl = "",
    serve: Annotated[bool, typer.Option(help="Open the app at the end.")] = True,
) -> None:
    """Do the main job on the embedded collection: encode, train, index. Then open the app on it.

    Docstrings of the installed Python packages are encoded with all-MiniLM-L6-v2, an SAE is trained on their
    token states, and they are indexed by its latents: a few minutes the first time, seconds from then on.
    """
    from workbench.making.demo import build_demo, complete_later

    study = build_demo()
    print_evaluation(study)
    if serve:
        from workbench.page.serve import Sharing, serve_app

        complete_later(study)
        serve_app([study], port, Sharing(host_name or (), model_url=model_url))
