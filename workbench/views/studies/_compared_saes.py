"""The comparison of SAEs over the same documents: as it is kept, made at once where that is quick, else a job."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import streamlit as st

from analyses.saes.sae_comparison import SaeComparison
from retrieval.study import Study
from workbench.caches import cache
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer

PAIR_SECONDS, PAIR_LATENTS = 50.0, 8192  # measured: a pair of 8,192 latents each


def comparison(keys: Sequence[cache.Key]) -> SaeComparison | None:
    """The comparison of these studies; None where it takes long, and is offered as a job instead."""
    from workbench.making.laboratory import comparison_folder

    studies = [cache.open_study(key) for key in keys]
    seconds = seconds_of(studies)
    made = (comparison_folder(studies) / "comparison.json").is_file()
    if not made and job_offer.is_long(seconds) and offers.may("start jobs"):
        job_offer.offer(
            ["compare-saes", *(str(study.path.resolve()) for study in studies)],
            f"Compare {', '.join(study.name for study in studies)}",
            "Compare them",
            "Their latents are not matched one to one yet.",
            seconds=seconds,
        )
        return None
    with st.spinner("Matching latents one to one; some seconds per pair, the first time"):
        return cache.sae_comparison(tuple(keys))


def seconds_of(studies: Sequence[Study]) -> float:
    """How long the comparison takes; an estimate: a matching looks at all pairs of latents of each pair of SAEs."""
    largest = max(study.n_latents for study in studies)
    return comb(len(studies), 2) * PAIR_SECONDS * (largest / PAIR_LATENTS) ** 2
