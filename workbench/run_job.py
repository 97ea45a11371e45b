"""The process of a job that the app started: `python -m workbench.run_job FOLDER LOCK`.

It imports the command line, and all that is heavy with it, only when its turn has come.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.jobs.job_process import turn


def main() -> None:
    """Be the job in FOLDER, whose lock is the open descriptor LOCK."""
    with turn(Path(sys.argv[1]), int(sys.argv[2])) as argv:
        from workbench import cli

        sys.argv = ["workbench", *argv]
        cli.main()


if __name__ == "__main__":
    main()
