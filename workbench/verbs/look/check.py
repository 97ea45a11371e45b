"""The verb check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.verbs.options import AsJson
from workbench.verbs.printing import print_json, print_table


def run(
    folder: Annotated[Path, typer.Argument(help="Folder of a study or of an SAE.", show_default=False)],
    repair: Annotated[bool, typer.Option("--repair", help="Make again what follows from the rest.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read every file of a study or an SAE, and say which is not what was written.

    Each file's content is compared with the SHA-256 that was listed when it was written, and what refers to what is
    checked. With --repair, postings and contexts are made again from the tokens, vocabularies from the texts, and
    tables from the study. What follows from nothing else is named, with what can give it back. Example:

    `workbench check studies/scifact --repair`
    """
    import pandas as pd

    from data.errors import UserError
    from data.terminal import say
    from workbench.verbs.look import _repair

    if not (folder / "study.json").is_file():
        from sae.checkpoint import load_autoencoder

        if not (folder / "cfg.json").exists():
            raise UserError(
                f"{folder} is neither a study (study.json) nor an SAE (cfg.json): name the folder of one"
            )
        load_autoencoder(folder)
        if as_json:
            print_json({"sae": str(folder), "sound": True})
        else:
            say(f"{folder} is as it was written.")
        return
    found = _repair.damages(folder)
    if repair and found:
        found = _repair.repair(folder, found)
    if as_json:
        print_json(_repair.described(folder, found))
    elif found:
        table = pd.DataFrame([damage.to_dict() for damage in found])
        print_table(table if repair else table.drop(columns="outcome"))
    elif _repair.described(folder, found)["listed_files"]:
        say(f"{folder} is as it was written.")
    else:
        say(f"{folder} fits together; it lists no digests yet, which `workbench complete {folder}` adds.")
    _repair.refuse(folder, found)
