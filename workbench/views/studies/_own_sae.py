"""Import an SAE that was made elsewhere: a small form, and the job that reads it exactly or not at all."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import streamlit as st

from data.errors import UserError
from workbench.jobs import jobs
from workbench.making.recipe import check_name, check_written, places
from workbench.markup import highlight
from workbench.page import frame
from workbench.page.work import offer

SOURCE_HELP = (
    "A folder or file of SAELens, sparsify or dictionary_learning, a .safetensors file, `hf:OWNER/NAME[/FOLDER]`, "
    "or SAELens's `RELEASE/SAE_ID`."
)
LAYER_HELP = "`final`, a layer by number (0: embeddings), or a hook point such as `blocks.4.hook_out`."


def show() -> None:
    """The form, and the button that queues the import."""
    st.html(highlight.subheading("Which SAE, and whose states does it read?"))
    source = st.text_input(
        "SAE", key="sae source", placeholder="/home/me/their-sae", help=SOURCE_HELP
    ).strip()
    first, second, third, fourth = st.columns(4)
    encoder = first.text_input(
        "Encoder",
        key="sae encoder",
        placeholder="as the SAE says",
        help="Which encoder it was trained on: `minilm`, a folder or a hub id. Few files say it.",
    ).strip()
    layer = second.text_input("Layer", "final", key="sae layer", help=LAYER_HELP).strip()
    k = third.text_input(
        "k", key="sae k", placeholder="as the SAE says", help="Latents per token (L0)."
    ).strip()
    name = fourth.text_input("Name", key="sae name", placeholder=named(source) or "from its source").strip()
    if not source:
        return
    name = name or named(source)
    try:
        argv = command(source, encoder, layer, k, name)
        known = [job for job in jobs.jobs() if list(job.request.argv) == argv]
        if any(job.state == "finished" for job in known) and Path(argv[3]).is_dir():
            st.html(highlight.note(f"{name} is imported."))
            st.html(highlight.link("Index documents with it", frame.address("make", bring="documents")))
            return
        if not any(job.living for job in known):
            check_name(name, makes_study=False)
    except UserError as error:
        st.html(highlight.note(str(error)))
        return
    what = "It is read exactly or not at all, and kept in SAELens's layout."
    offer.offer(argv, f"Import SAE {name}", "Import it", what, seconds=20)
    for job in known[:1]:
        if job.state == "failed" and job.end:
            st.html(highlight.note(f"The last try failed: {job.end.error}"))
    with st.expander("The same in a shell"):
        st.code(shlex.join(["workbench", *argv]), language="sh", wrap_lines=True)


def command(source: str, encoder: str, layer: str, k: str, name: str) -> list[str]:
    """The command line of the import; what it cannot be is a `UserError`."""
    if k and not (k.isascii() and k.isdigit() and int(k)):
        raise UserError(f"k is a whole number from 1 on, got {k!r}")
    check_written(name)
    out = places(name)[0]
    path = str(Path(source).expanduser().resolve()) if Path(source).expanduser().exists() else source
    argv = ["import-sae", path, "--out", str(out.resolve())]
    argv += ["--encoder", encoder] if encoder else []
    argv += ["--layer", layer] if encoder and layer not in ("", "final") else []
    return [*argv, "--k", k] if k else argv


def named(source: str) -> str:
    """A name for an SAE from its source's last part."""
    last = Path(source.removeprefix("hf:").partition("@")[0].partition("#")[0]).name
    return re.sub(r"[^\w.+-]+", "-", re.sub(r"\.(safetensors|pt|pth)$", "", last)).strip("-.+")
