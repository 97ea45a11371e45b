"""Studies that jobs of this app made: they are shown beside those that the app was started with."""

from __future__ import annotations

from glob import escape
from pathlib import Path

from data import permissions
from workbench.jobs.job_folder import REQUEST, Job, Request, jobs_folder

_read: dict[Path, tuple[int, Request | None]] = {}  # of each job.json, by when it was written


def made_here() -> list[Path]:
    """Folders of the studies that jobs of the app made, the oldest first; none in an app that is read-only."""
    if not permissions.may("start jobs"):
        return []
    requests = [_request(path) for path in sorted(jobs_folder().glob("[0-9]*/job.json"))]
    files = [one.files or {} for one in requests if one and one.origin == "app"]
    made = [Path(each["study"]) for each in files if "study" in each]
    return [folder for folder in dict.fromkeys(made) if (folder / "study.json").is_file()]


def studies_of(job: Job) -> list[Path]:
    """Folders of the studies that a job made, one per seed."""
    made = [Path(path) for path in (job.request.files or {}).values()]
    members = [
        folder for path in made for folder in (path, *sorted(path.parent.glob(f"{escape(path.name)}-seed-*")))
    ]
    return [folder for folder in members if (folder / "study.json").is_file()]


def _request(path: Path) -> Request | None:
    try:
        written = path.stat().st_mtime_ns
        if path not in _read or _read[path][0] != written:
            _read[path] = written, REQUEST.validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return _read[path][1]
