"""The SAEs page: an SAE without a card, one with, and two beside each other, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyses.saes.card_record import card_path
from data.corpus import Collection
from data.encoders import Encoder
from retrieval.pipeline import build_study
from retrieval.study import Study
from sae.control_dictionaries import random_directions
from sae.model import SparseAutoencoder
from workbench.page.browser import open_page, running_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def laboratory(
    tiny_study: Study,
    tiny_collection: Collection,
    tiny_sae: SparseAutoencoder,
    tiny_card: Path,
    encoder: Encoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The app on two studies of the same documents: one with a quality card, one of random directions without."""
    folder = tmp_path_factory.mktemp("laboratory")
    shutil.copytree(tiny_study.path, folder / "trained")
    card = card_path(Study.open(folder / "trained"), tiny_sae.fingerprint)
    card.parent.mkdir()
    shutil.copy(tiny_card, card)
    states = encoder.encode(tiny_collection.corpus.texts[:50]).states.values
    untrained = replace(
        random_directions(tiny_sae, states, seed=0), trained_on=tiny_sae.trained_on, name="untrained"
    )
    build_study(tiny_collection, encoder, untrained, folder / "untrained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(folder / "artifacts"))
        with running_app([folder]) as address:
            yield address


def test_a_card_stands_beside_its_controls(page: Any, laboratory: str) -> None:
    open_page(page, f"{laboratory}/saes?study=trained")
    page.wait_for_selector("text=Random directions")
    page.get_by_text("Every number of the card").click()
    page.wait_for_selector("table >> text=Cosine ranking kept, Spearman")
    text = page.inner_text("body")
    assert "topk, 512 latents of width 384" in text
    assert "Traceback" not in text


def test_without_a_card_the_page_offers_to_make_one(page: Any, laboratory: str) -> None:
    open_page(page, f"{laboratory}/saes?study=untrained")
    page.wait_for_selector("text=No quality card yet")
    assert page.get_by_role("button", name="Make the card").is_visible()


def test_two_saes_stand_beside_each_other(page: Any, laboratory: str) -> None:
    open_page(page, f"{laboratory}/saes?study=trained&others=untrained")
    page.wait_for_selector("text=Mean and spread over these 2 SAEs")
    page.wait_for_selector("text=No quality card yet: untrained")
    page.get_by_text("by type").first.click()
    page.wait_for_selector(".js-plotly-plot >> text=lexical")
    assert "others=untrained" in page.url
    assert "Traceback" not in page.inner_text("body")


def test_a_folder_that_is_no_study_of_these_documents_is_not_offered(page: Any, laboratory: str) -> None:
    open_page(page, f"{laboratory}/saes?study=trained&others=nowhere")
    page.wait_for_selector("text=Beside other SAEs")
    assert "Mean and spread" not in page.inner_text("body")
