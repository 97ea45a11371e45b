"""Jobs are real processes: they queue, outlive their starter, stop and go on, and their folder tells the truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from data.errors import UserError
from workbench.jobs import jobs
from workbench.jobs.job_folder import Job, Request, create, is_held, jobs_folder, read_job
from workbench.jobs.job_process import registered
from workbench.jobs.progress import StageProgress

QUICK = ["collection", "limit:50", "--json"]
TRAIN = ["train", "--latents", "64", "--k", "4", "--batch", "64", "--max-length", "16", "--device", "cpu"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Jobs of this test alone; none of its processes outlives it."""
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for job in jobs.jobs():
        if job.living and job.pid and job.pid != os.getpid():
            os.kill(job.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], Any], seconds: float = 150) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.02)
    pytest.fail("waited in vain")


def now(job: Job) -> Job:
    read = read_job(job.folder)
    assert read is not None
    return read


def ended(job: Job) -> Job:
    wait_until(lambda: not now(job).living)
    return now(job)


@pytest.fixture
def shell_job() -> Iterator[Job]:
    """A job that holds the queue: this very process, as a command run in a shell."""
    with registered("Something long", {}) as job:
        assert job is not None
        yield job


@pytest.mark.slow
def test_a_job_runs_and_tells_its_end() -> None:
    job = jobs.start(QUICK, "Fifty documents")
    assert job.living
    job = ended(job)
    assert (job.state, job.end.exit_status, job.end.error) == ("finished", 0, "")
    assert json.loads(jobs.output(job))["documents"] == 50
    assert [other.id for other in jobs.jobs()] == [job.id]


@pytest.mark.slow
def test_a_failure_is_one_sentence_wherever_it_happens() -> None:
    unknown = ended(jobs.start(["collection", "no-such-collection"], "Unknown"))
    assert (unknown.state, unknown.end.exit_status) == ("failed", 2)
    assert unknown.end.error.startswith("no collection 'no-such-collection'")
    misspelt = ended(jobs.start(["collection", "limit:50", "--jsn"], "Misspelt"))
    assert (misspelt.state, misspelt.end.exit_status) == ("failed", 2)


@pytest.mark.slow
def test_a_job_that_was_queued_under_an_older_name_of_its_verb_runs() -> None:
    job = ended(jobs.start(["carriers", "no-such-study"], "Carriers"))
    assert (job.state, job.end.exit_status) == ("failed", 2)
    assert job.end.error.startswith("no-such-study is not a study")
    assert "`carriers` is now `importance`" in jobs.output(job)


@pytest.mark.slow
def test_jobs_run_one_after_the_other_in_their_order(shell_job: Job) -> None:
    queued = [jobs.start(QUICK, title) for title in ("first", "second", "third")]
    wait_until(lambda: all(now(job).pid for job in queued))
    time.sleep(0.7)  # two looks at the queue: nobody may begin while the shell's job runs
    assert [now(job).state for job in queued] == ["waiting"] * 3
    assert [job.request.title for job in jobs.jobs()] == ["third", "second", "first", "Something long"]
    (shell_job.folder / "end.json").write_text(
        json.dumps({"outcome": "finished", "exit_status": 0, "error": "", "time": time.time()})
    )
    done = [ended(job) for job in queued]
    assert [job.state for job in done] == ["finished"] * 3
    for earlier, later in pairwise(done):
        assert earlier.end.time <= later.began


@pytest.mark.slow
def test_a_waiting_job_is_cancelled_without_having_run_and_resumed(shell_job: Job) -> None:
    job = jobs.start(QUICK, "Fifty documents")
    jobs.cancel(job)
    job = ended(job)
    assert (job.state, job.began, jobs.output(job)) == ("cancelled", None, "")
    resumed = jobs.resume(job)
    assert (resumed.id, resumed.state, resumed.request.argv) == (job.id, "waiting", QUICK)
    assert jobs.resume(resumed).state == "waiting"  # a second press changes nothing
    with pytest.raises(UserError, match="cancel it first"):
        jobs.remove(resumed)
    jobs.cancel(resumed)
    jobs.remove(ended(resumed))
    assert [other.id for other in jobs.jobs()] == [shell_job.id]


@pytest.mark.slow
def test_a_killed_job_was_interrupted_and_the_next_one_runs() -> None:
    long = jobs.start([*TRAIN, "--text", "limit:200", "--tokens", "100M", "--out", "sae"], "Long")
    short = jobs.start(QUICK, "Short")
    wait_until(lambda: now(long).status)
    assert (now(long).state, now(short).state) == ("running", "waiting")
    os.kill(now(long).pid, signal.SIGKILL)
    assert ended(long).state == "interrupted"
    assert ended(long).end is None
    assert ended(short).state == "finished"


@pytest.mark.slow
def test_a_job_outlives_whoever_started_it() -> None:
    program = (
        "import os, signal; from workbench.jobs import jobs\n"
        f"jobs.start({QUICK!r}, 'Orphan'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    (job,) = jobs.jobs()
    assert ended(job).state == "finished"


@pytest.mark.slow
def test_two_apps_that_resume_one_job_run_it_once(shell_job: Job) -> None:
    job = jobs.start(QUICK, "Fifty documents")
    jobs.cancel(job)
    ended(job)
    program = (
        "import sys; from pathlib import Path; from workbench.jobs import jobs, job_folder\n"
        "sys.stdin.read(1); jobs.resume(job_folder.read_job(Path(sys.argv[1])))"
    )
    apps = [
        subprocess.Popen([sys.executable, "-c", program, str(job.folder)], stdin=subprocess.PIPE)
        for _ in range(3)
    ]
    for app in apps:
        app.stdin.write(b"go")
        app.stdin.close()
    assert [app.wait(timeout=100) for app in apps] == [0, 0, 0]
    (shell_job.folder / "end.json").write_text(
        json.dumps({"outcome": "finished", "exit_status": 0, "error": "", "time": time.time()})
    )
    assert ended(job).state == "finished"
    assert jobs.output(job).count('"documents": 50') == 1


@pytest.mark.slow
def test_a_cancelled_training_resumes_to_the_same_bytes(folder: Path) -> None:
    command = [*TRAIN, "--text", "limit:300", "--tokens", "60k", "--seed", "3", "--out"]
    undisturbed = jobs.start([*command, "whole/sae"], "Undisturbed")
    disturbed = jobs.start([*command, "again/sae"], "Disturbed")
    follower = jobs.start(QUICK, "Follower", after=disturbed.id)

    def half_way() -> bool:
        log = jobs.training_logs(now(disturbed)).get("sae")
        return log is not None and log.read_text().count("\n") > 15

    wait_until(half_way)
    jobs.cancel(disturbed)
    assert (ended(disturbed).state, ended(disturbed).end.exit_status) == ("cancelled", 130)
    assert ended(follower).state == "cancelled"
    assert '"Disturbed", which this job follows, was cancelled' in ended(follower).end.error
    resumed = jobs.resume(disturbed)
    assert resumed.request.argv[-1] == "--resume"
    assert ended(disturbed).state == "finished"
    one, other = (folder / name / "sae" / "sae_weights.safetensors" for name in ("whole", "again"))
    assert one.read_bytes() == other.read_bytes()
    assert ended(undisturbed).state == "finished"
    assert ended(follower).state == "finished"


def test_a_command_in_a_shell_is_shown_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["workbench", "train", "--out", "sae"])
    with registered("Train sae", {"sae": Path("sae")}) as job, StageProgress(job) as progress:
        assert job is not None
        assert (job.state, job.request.origin, job.pid) == ("running", "shell", os.getpid())
        progress("Encode", 5, 10, "half")
        assert now(job).status.note == "half"
        progress("Train", 0, 10)
        assert list(now(job).status.finished) == ["Encode"]
    assert now(job).state == "finished"
    assert now(job).request.argv == ["train", "--out", "sae"]


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (UserError("the text is empty"), "failed", "the text is empty"),
        (KeyboardInterrupt(), "cancelled", ""),
        (ZeroDivisionError("by nought"), "failed", "ZeroDivisionError: by nought"),
        (OSError(28, "No space left"), "failed", "the disk is full: free some space and resume"),
        (SystemExit(0), "finished", ""),
    ],
)
def test_every_end_is_recorded(error: BaseException, state: str, sentence: str) -> None:
    with pytest.raises(type(error)), registered("Anything", {}) as job:
        raise error
    assert job is not None
    assert (now(job).state, now(job).end.error) == (state, sentence)


def test_signals_are_as_before_once_a_command_has_ended() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt), registered("Anything", {}):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_the_lock_lives_as_long_as_its_holder() -> None:
    request = Request(["train"], os.getcwd(), "Held", "shell", time.time())
    holder = (
        "import sys; from pathlib import Path; from workbench.jobs.job_folder import hold; "
        "hold(Path(sys.argv[1]))"
    )
    job, lock = create(request)
    assert is_held(job)
    os.close(lock)
    assert not is_held(job)
    program = f"{holder}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(job)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        assert is_held(job)
        process.kill()
        process.wait()
        assert not is_held(job)


def test_what_is_no_job_is_passed_over() -> None:
    whole, lock = create(Request(["train"], os.getcwd(), "Whole", "shell", time.time()))
    os.close(lock)
    base = json.loads((whole / "job.json").read_text())
    broken = ["", "{", "[]", "null", '{"argv": []}', json.dumps(base | {"argv": "train"}),
              json.dumps(base | {"queued": "now"}), json.dumps(base | {"unknown": 1})]  # fmt: skip
    for number, text in enumerate(broken):
        (jobs_folder() / f"1-{number}").mkdir()
        (jobs_folder() / f"1-{number}" / "job.json").write_text(text)
    (jobs_folder() / "2-empty").mkdir()
    (jobs_folder() / "3-file").write_text("")
    for name in ("status.json", "process.json", "end.json"):
        (whole / name).write_text('{"outcome": "magic", "done": "x", "pid": "y"}')
    assert [(job.request.title, job.state) for job in jobs.jobs()] == [("Whole", "interrupted")]


def test_a_folder_that_cannot_be_written_does_not_stop_the_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(folder / "file"))
    with registered("Anything", {}) as job, StageProgress(job) as progress:
        progress("Work", 1, 1)
    assert job is None


def test_logs_are_found_before_and_after_the_end_of_each_run(folder: Path) -> None:
    job, lock = create(
        Request(["train"], str(folder), "Family", "shell", time.time(), files={"sae": str(folder / "f")})
    )
    os.close(lock)
    for path in ("f/seed-2", "f/seed-10", "f/.seed-11.training", "f/.seed-2.training", "f/other"):
        (folder / path).mkdir(parents=True)
        (folder / path / "log.jsonl").touch()
    (folder / "f" / "other" / "log.jsonl").unlink()
    read = read_job(job)
    assert read is not None
    logs = {name: path.parent.name for name, path in jobs.training_logs(read).items()}
    assert logs == {"seed-2": "seed-2", "seed-10": "seed-10", "seed-11": ".seed-11.training"}
    assert list(logs) == ["seed-2", "seed-10", "seed-11"]
