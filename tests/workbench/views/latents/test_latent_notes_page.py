"""The latent page's edit bar: a label is kept and shown everywhere, undone, and never written over unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyses.labels.latent_notes import latent_note, latent_notes
from analyses.labels.notes_json import notes_to_json
from retrieval.study import Study
from workbench.page.browser import settle, visit

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def study(silent_study: Path) -> Iterator[Study]:
    yield Study.open(silent_study)
    (silent_study / "notes.sqlite").unlink(missing_ok=True)


@pytest.fixture
def latent(study: Study) -> int:
    return int(np.argsort(study.index.document_frequency)[-60])


def open_latent(page: Any, app: str, latent: int) -> None:
    visit(page, f"{app}/latent?study=silent&latent={latent}")
    page.wait_for_selector(".lt-context")


def name(page: Any, label: str) -> None:
    page.get_by_role("button", name="Name it").or_(page.get_by_role("button", name="Edit")).click()
    page.get_by_label("Label", exact=True).fill(label)
    page.get_by_role("button", name="Save").click()


def wait_for_title(page: Any, title: str) -> None:
    page.wait_for_function("t => document.querySelector('h1.lt-heading')?.innerText === t", arg=title)
    settle(page)


@pytest.mark.browser
def test_a_latent_is_named_everywhere_and_the_name_undone(
    page: Any, app: str, study: Study, latent: int
) -> None:
    open_latent(page, app, latent)
    automatic = page.locator("h1.lt-heading").inner_text()
    name(page, HOSTILE)
    wait_for_title(page, f"{HOSTILE} #{latent}")
    assert (
        f"Its automatic label: {automatic.removesuffix(f' #{latent}')}"
        in page.locator(".lt-lead").inner_text()
    )
    assert latent_note(study, latent).label == HOSTILE
    other = study.n_latents - 1  # silent: named too
    visit(page, f"{app}/latent?study=silent&latent={other}")
    page.get_by_role("button", name="Name it").wait_for()
    visit(page, f"{app}/your-text?study=silent&latent={latent}&text=sort+an+array")
    page.get_by_text(f"{HOSTILE} #{latent}").wait_for()
    open_latent(page, app, latent)
    page.get_by_role("button", name="Undo").click()
    wait_for_title(page, automatic)
    assert page.get_by_role("button", name="Undo").count() == 0
    assert latent_notes(study) == {}


@pytest.mark.browser
def test_two_tabs_do_not_write_over_each_other_unseen(
    page: Any, app: str, browser_tab: Any, study: Study, latent: int
) -> None:
    for tab in (page, browser_tab):
        open_latent(tab, app, latent)
    name(page, "first")
    wait_for_title(page, f"first #{latent}")
    name(browser_tab, "second")
    browser_tab.get_by_text("changed meanwhile").wait_for()
    assert latent_note(study, latent).label == "first"
    browser_tab.get_by_role("button", name="Edit").click()
    assert browser_tab.get_by_label("Label", exact=True).input_value() == "second"  # not lost
    browser_tab.get_by_role("button", name="Save").click()
    wait_for_title(browser_tab, f"second #{latent}")
    assert latent_note(study, latent).label == "second"


@pytest.mark.browser
def test_a_file_is_taken_in_once_it_is_said_what_it_overwrites(
    page: Any, app: str, study: Study, latent: int, tmp_path: Path
) -> None:
    open_latent(page, app, latent)
    name(page, "ours")
    wait_for_title(page, f"ours #{latent}")
    theirs = json.loads(notes_to_json(study))
    theirs["latents"][0]["label"] = "theirs"
    (tmp_path / "notes.json").write_text(json.dumps(theirs))
    visit(page, f"{app}/latents?study=silent")
    page.get_by_role("button", name="Notes").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "notes.json")
    page.get_by_text('label "ours" becomes "theirs"').wait_for()
    assert latent_note(study, latent).label == "ours"
    page.get_by_role("button", name="Overwrite and import").click()
    page.get_by_text("imported.").wait_for()
    assert latent_note(study, latent).label == "theirs"


@pytest.fixture
def browser_tab(browser: Any) -> Iterator[Any]:
    """A second tab."""
    tab = browser.new_page()
    tab.set_default_timeout(60_000)
    yield tab
    tab.close()
