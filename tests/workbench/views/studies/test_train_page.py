"""The Train page in a real browser: the cost before, the job after, a shell's job beside it, calm on bad input."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.jobs import jobs
from workbench.jobs.job_folder import Job
from workbench.jobs.job_process import registered
from workbench.jobs.progress import StatusFile
from workbench.page import browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FEW_DOCSTRINGS = Path(__file__).parents[3] / "support" / "few_docstrings"


@pytest.fixture(scope="module")
def train_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with nothing made yet: no study, no job."""
    folder = tmp_path_factory.mktemp("laboratory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(folder / "artifacts"))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("PYTHONPATH", str(FEW_DOCSTRINGS), prepend=os.pathsep)
        patch.chdir(folder)
        (folder / "artifacts" / "studies").mkdir(parents=True)
        with browser.running_app([folder / "artifacts" / "studies"]) as address:
            yield address
        for job in jobs.jobs():
            if job.living and job.pid and job.pid != os.getpid():
                os.kill(job.pid, signal.SIGKILL)


@pytest.fixture
def train_page(page: Any, train_app: str) -> Any:
    page.set_default_timeout(120_000)
    browser.open_page(page, f"{train_app}/train")
    return page


def fill(page: Any, name: str, text: str) -> None:
    box = page.get_by_label(name, exact=True).first
    box.fill(text)
    box.press("Enter")
    browser.settle(page)


def wait_until_ended(seconds: float = 250) -> None:
    """Wait until no job lives."""
    until = time.monotonic() + seconds
    while any(job.living for job in jobs.jobs()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


def test_from_the_cost_to_the_study(train_page: Any) -> None:
    page = train_page
    page.get_by_text("Nothing trained yet").wait_for()
    fill(page, "Text", "limit:60")
    fill(page, "Latents", "64")
    fill(page, "k, latents per token", "4")
    fill(page, "Training tokens", "1")
    page.get_by_text("1 tokens do not fill one batch of 4096").wait_for()
    fill(page, "Training tokens", "200k")
    page.get_by_role("button", name="Start").wait_for()
    browser.settle(page)
    facts = page.locator(".lt-facts").first.inner_text()
    assert "60 documents" in facts
    assert "196,608, each read" in facts
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".lt-job")
    assert "job=" in page.url
    assert page.get_by_label("Latents", exact=True).input_value() == "64"
    address = page.url
    page.goto("about:blank")  # jobs need no page, and one that follows two of them draws all the while
    wait_until_ended()
    browser.open_page(page, address)
    page.locator(".lt-job.lt-finished").nth(1).wait_for()
    train, index = reversed(jobs.jobs())
    assert index.request.after == train.id
    assert page.locator(".lt-job .lt-title").all_inner_texts() == [index.request.title, train.request.title]
    page.wait_for_selector(".js-plotly-plot .scatterlayer path.js-line")
    assert page.locator(".lt-chosen .lt-title").inner_text() == train.request.title
    page.locator(".lt-job .lt-title").first.click()
    page.get_by_text("Open limit-60-64-k4").click()
    page.wait_for_selector(".js-plotly-plot")
    assert "study=limit-60-64-k4" in page.url


def test_a_job_of_a_shell_is_followed(train_page: Any) -> None:
    page = train_page
    with registered("Train <b>something</b>", {}) as job:
        assert isinstance(job, Job)
        page.reload()
        page.locator(".lt-job.lt-running").get_by_text("Train <b>something</b>").wait_for()
        page.get_by_role("button", name="Cancel").wait_for()
    page.locator(".lt-job.lt-finished").get_by_text("Train <b>something</b>").wait_for()
    assert page.locator(".lt-running").count() == 0
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("Train <b>something</b>").first.wait_for(state="detached")
    assert not job.folder.exists()


def test_the_tray_follows_a_job_on_any_page(page: Any, train_app: str) -> None:
    with registered("Index cisi", {}) as job:
        assert isinstance(job, Job)
        browser.open_page(page, f"{train_app}/method")
        page.locator(".lt-tray").get_by_text("1 running: Index cisi").wait_for()
        StatusFile(job.folder / "status.json").report("Read", 43, 100, "")
        page.locator(".lt-tray").get_by_text("Index cisi, 43%").wait_for()
        page.locator(".st-key-tray button").click()
        page.get_by_role("button", name="Cancel").wait_for()
    page.locator(".lt-tray").get_by_text("Finished: Index cisi").wait_for()


def test_bad_input_is_one_calm_sentence(train_page: Any) -> None:
    page = train_page
    for name, text, sentence in [
        ("Text", "no such text", "no collection 'no such text'"),
        ("Name", "../escape", "the name '../escape' is not one"),
        ("Encoder", "/no/such/encoder", "'/no/such/encoder'"),
    ]:
        fill(page, name, text)
        page.locator(".lt-calm").get_by_text(sentence).wait_for()
        page.get_by_role("button", name="Start").wait_for(state="detached")
        browser.open_page(page, page.url.split("?")[0])
    assert "Traceback" not in page.content()
    assert not (Path.cwd() / "escape").exists()
