"""The comparison of SAEs over the same documents: as it is kept, made at once where that is quick, else a job."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analyses.saes.sae_comparison import SaeComparison
from workbench.caches import cache
from workbench.page.sharing import offers
from workbench.page.work import offer as job_offer


def comparison(keys: Sequence[cache.Key]) -> SaeComparison | None:
    """The comparison of these studies; None where it takes long, and is offered as a job instead."""
    from workbench.making.laboratory import comparison_folder, seconds_to_compare

    studies = [cache.open_study(key) for key in keys]
    seconds = seconds_to_compare(studies)
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
