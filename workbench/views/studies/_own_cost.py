"""By which SAE the documents are read, what all of it costs, and the start."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from data.errors import UserError
from data.readers.tabular import Columns
from workbench.caches.making import chain
from workbench.jobs import jobs
from workbench.making.chain.found import FoundSae, found_saes
from workbench.making.chain.wanted import PRESETS, Wanted
from workbench.markup import highlight
from workbench.markup.formats import count, size
from workbench.page import frame, selection
from workbench.page.work import words
from workbench.views.studies.train import about

if TYPE_CHECKING:
    from workbench.making.chain.chain_cost import ChainCost

EXISTING = "existing"
TITLES = {name: preset.title for name, preset in PRESETS.items()} | {EXISTING: "An SAE that is here"}


def ask(source: str, split: str, columns: Columns) -> None:
    """Which SAE; beside it the cost and the start."""
    left, right = st.columns([1.2, 1], gap="large")
    wanted = Wanted(source, split, columns)
    with left:
        st.html(highlight.subheading("Which SAE?"))
        known = found_saes(frame.studies().values())
        captions = [preset.sentence for preset in PRESETS.values()]
        chosen = str(
            st.radio(
                "Which SAE?",
                list(TITLES),
                format_func=TITLES.__getitem__,
                captions=[*captions, "Nothing is trained: the documents are indexed by its latents."],
                key="own preset",
                persist_state="session",
                label_visibility="collapsed",
            )
        )
        if chosen == EXISTING:
            wanted = replace(wanted, sae=choose(known))
        else:
            encoder = st.selectbox(
                "Encoder",
                ("minilm",),
                key="own encoder",
                accept_new_options=True,
                persist_state="session",
                help="`minilm` is embedded. Or type a folder or a hub id. More settings are on the page Train.",
            )
            table = replace(PRESETS[chosen].table, encoder=str(encoder or "minilm").strip())
            preset = replace(PRESETS[chosen], table=table)
    with right:
        if chosen == EXISTING:
            if wanted.sae:
                offer(wanted)
            return
        try:
            with st.spinner("Measuring this machine on these documents"):
                wanted = chain.sized(wanted, preset)
        except UserError as error:
            st.html(highlight.calm("This does not work", str(error)))
            return
        offer(wanted)


def choose(known: list[FoundSae]) -> str:
    """One of the SAEs that say their encoder."""
    usable = {str(one.path): one for one in known if one.encoder}
    if not usable:
        st.html(highlight.note("There is none yet."))
    else:
        picked = st.selectbox(
            "SAE",
            list(usable),
            format_func=lambda path: (
                f"{usable[path].title}: {count(usable[path].n_latents)} latents on {usable[path].encoder}"
            ),
            key="own sae",
        )
    st.html(highlight.link("Import an SAE that was made elsewhere", frame.address("make", bring="sae")))
    return str(picked) if usable else ""


def offer(wanted: Wanted) -> None:
    """The cost of all phases, the name, and the button."""
    st.html(highlight.subheading("What will it cost?"))
    name = st.text_input(
        "Name of the study", key="own name", placeholder=wanted.default_name, help="Of its SAE too."
    ).strip()
    wanted = replace(wanted, name=name)
    try:
        argv, title = wanted.command()
        with st.spinner("Measuring this machine on these documents"):
            cost = chain.cost(replace(wanted, name=""), sum(not job.living for job in jobs.jobs()))
    except UserError as error:
        st.html(highlight.calm("This does not work", str(error)))
        return
    st.html(
        highlight.figures(
            [(about(cost.seconds), "", "in all, estimated"), (size(cost.disk_bytes), "", "disk, at most")]
        )
    )
    st.html(highlight.facts(details(cost, wanted)))
    if not cost.fits:
        st.caption(f"It needs {size(cost.disk_bytes)} of disk; {size(cost.free_bytes)} are free.")
    if st.button("Start", type="primary", key="own start", disabled=not cost.fits):
        job = jobs.start(argv, title)
        selection.choose(job=job.id)
        st.rerun()
    waiting = len(jobs.living())
    after = (
        f" It starts when {'the job that runs' if waiting == 1 else f'the {waiting} jobs before it'} ended."
        if waiting
        else ""
    )
    st.caption(f"One job: it can be cancelled and resumed, and goes on when this page is closed.{after}")
    with st.expander("The same in a shell"):
        st.code(shlex.join(["workbench", *argv]), language="sh", wrap_lines=True)


def details(cost: ChainCost, wanted: Wanted) -> list[tuple[str, str]]:
    """The phases, and what each is about."""
    from workbench.making.chain.chain_cost import COMPLETE, INDEX, TRAIN

    rows = [("Text", f"{count(cost.size.n_docs)} documents, about {count(cost.size.n_tokens)} tokens")]
    if cost.training:
        table, passes = wanted.training, cost.training.token_views / max(cost.training.reading.tokens, 1)
        what = (
            f"{count(table.n_latents)} latents, {count(table.n_tokens)} tokens, each read {passes:.1f} times"
        )
        rows.append((TRAIN, f"about {words.rough(cost.of_phase(TRAIN))}: {what}"))
    rows.append((INDEX, f"about {words.rough(cost.of_phase(INDEX))}: every token's latents"))
    rows.append((COMPLETE, f"about {words.rough(cost.of_phase(COMPLETE))}: map, types, laws, growth"))
    return rows
