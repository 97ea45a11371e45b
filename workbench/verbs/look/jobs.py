"""The verb jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data.terminal import say
from workbench.verbs.options import AsJson
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from workbench.jobs.job_folder import Job


def run(as_json: AsJson = False) -> None:
    """List the jobs, the newest first: what runs, waits, and has ended; the app's Train page shows the same."""
    import pandas as pd

    from workbench.jobs.jobs import jobs

    rows = [_row(job) for job in jobs()]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(pd.DataFrame(rows))
    else:
        say("No job yet: `workbench train`, `index` and the other long verbs make one.")


def _row(job: Job) -> dict[str, Any]:
    status = job.status
    return {
        "job": job.id,
        "state": job.state,
        "title": job.request.title,
        "stage": f"{status.stage} {status.done / max(1, status.total):.0%}" if status else "",
        "error": job.end.error if job.end else "",
    }
