"""The ways in which findings go out: name, ending, type, and what makes the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyses.labels.findings_json import findings_to_json
from retrieval.study import Study
from workbench.findings.markdown_zip import markdown_zip
from workbench.findings.notebook import notebook
from workbench.findings.offline_html import offline_html
from workbench.findings.printed import printed, shown_findings, with_pictures


@dataclass(frozen=True)
class Export:
    """title: of its button. ending: of its file's name."""

    title: str
    ending: str
    mime: str
    help: str
    make: Callable[[Study], bytes]


def _html(study: Study) -> bytes:
    return offline_html(study, with_pictures(study, printed(study))).encode()


def _markdown(study: Study) -> bytes:
    return markdown_zip(study, with_pictures(study, printed(study)))


def _notebook(study: Study) -> bytes:
    return notebook(study, with_pictures(study, printed(study))).encode()


def _json(study: Study) -> bytes:
    return findings_to_json(study, shown_findings(study)).encode()


EXPORTS = (
    Export("HTML", "html", "text/html", "One file that opens offline, with pictures and tables", _html),
    Export(
        "Markdown",
        "zip",
        "application/zip",
        "findings.md with its pictures (SVG) and tables (CSV)",
        _markdown,
    ),
    Export(
        "Notebook", "ipynb", "application/x-ipynb+json", "Each call as Python, with its output", _notebook
    ),
    Export(
        "JSON",
        "json",
        "application/json",
        "To import elsewhere",
        _json,
    ),
)
