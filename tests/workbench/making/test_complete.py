"""A complete study keeps all that its pages show; what a demo lacks is made by a job, once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from analyses.latents import latent_table, map, types
from analyses.latents.map import kept_map
from analyses.latents.regions import latent_words
from analyses.latents.type_evidence import type_controls
from analyses.laws import laws
from analyses.text import word_table as words
from analyses.text.word_table import compute_words, word_table
from own_study import rewrite
from retrieval.study import Study
from workbench.jobs import jobs
from workbench.jobs.progress import StageProgress
from workbench.making import demo
from workbench.making.completion import is_marked, mark_complete
from workbench.making.stages import complete_study, describe_study, is_complete


@pytest.fixture
def study(tiny_study: Study, tmp_path: Path) -> Study:
    """A copy to write into, as `build_study` leaves it."""
    shutil.copytree(tiny_study.path, tmp_path / "tiny")
    return Study.open(tmp_path / "tiny")


def test_what_is_described_is_what_is_computed(study: Study) -> None:
    computed = latent_words(study, compute_words(study))
    with StageProgress(silent=True) as progress:
        describe_study(study, progress)
    kept = latent_words(study, word_table(study))
    assert list(kept.words) == list(computed.words)
    assert abs(kept.shares - computed.shares).max() == 0
    np.testing.assert_array_equal(word_table(study).word, compute_words(study).word)


def test_a_complete_study_is_left_as_it_is(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map, "umap_map", lambda directions, start, seed: start)
    whole, few = laws.laws_of, {"n_halves": 5, "n_bootstrap": 3, "n_rival_bootstrap": 2}
    monkeypatch.setattr(laws, "laws_of", lambda *arguments, **named: whole(*arguments, **named, **few))
    with StageProgress(silent=True) as progress:
        assert not is_complete(study)
        assert not is_marked(study.path)
        complete_study(study, progress)
        assert is_complete(study)
        assert is_marked(study.path)
        assert kept_map(study) is not None
        for module, compute in (
            (map, "map_quality"),
            (types, "measure"),
            (type_controls, "measure"),
            (latent_table, "compute_vocabulary"),
            (words, "compute_words"),
        ):
            monkeypatch.setattr(module, compute, lambda *_: pytest.fail("made again"))
        complete_study(study, progress)


def test_a_demo_queues_what_its_study_lacks_once(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(study.path.parent / "artifacts"))
    started: list[Sequence[str]] = []

    def start(argv: Sequence[str], title: str) -> None:
        started.append(argv)
        folder, _ = jobs.create(jobs.Request(list(argv), str(study.path.parent), title, "app", 0.0))
        assert folder.is_dir()  # its lock is held here: the job lives

    monkeypatch.setattr(jobs, "start", start)
    demo.complete_later(study.path)
    demo.complete_later(study.path)
    assert started == [["complete", str(study.path.resolve())]]


def test_a_mark_is_of_one_build(study: Study) -> None:
    mark_complete(study.path)
    assert is_marked(study.path)
    rewrite(study.path, fingerprint="another")
    assert not is_marked(study.path)


def test_a_demo_that_is_complete_imports_nothing_heavy(study: Study) -> None:
    mark_complete(study.path)
    script = (
        "import sys; from pathlib import Path; from workbench.making.demo import complete_later;"
        f"complete_later(Path({str(study.path)!r}));"
        "print([name for name in ('torch', 'numba', 'pandas') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "[]"


def test_a_demo_opens_where_no_job_can_be_queued(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = study.path.parent / "artifacts"
    blocked.write_text("a file where a folder would be")
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(blocked))
    demo.complete_later(study.path)
