"""report.html: everything that was made, to read, in one file that opens offline and runs no script.

The template is workbench/assets/report.html.j2. Figures are inside as SVG images, tables as they are printed; every
text is escaped, and its control characters are made visible. Sentences on the numbers are the items' own facts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.files import new_file
from workbench import ASSETS
from workbench.markup.templates import Markup, render
from workbench.paper.config import NamedCollection, PaperConfig, SaeRecipe
from workbench.paper.output.manifest import REPORT, Paper

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
SHORT = 12  # rows of a table that is shown at once


def write_report(paper: Paper) -> Path:
    """Write report.html beside what it shows, whole or not at all; returns its path."""
    path = paper.folder / REPORT
    with new_file(path) as temporary:
        temporary.write_text(report(paper), encoding="utf-8")
    return path


def report(paper: Paper) -> str:
    """The file's text."""
    pictures = {
        item.name: b64encode((paper.folder / f"{item.name}.svg").read_bytes()).decode("ascii")
        for item in paper.items
        if item.print is not None
    }
    return render(
        "report",
        paper=paper,
        about=about(paper.config),
        pictures=pictures,
        style=Markup((ASSETS / "report.css").read_text(encoding="utf-8")),
        policy=Markup(POLICY),
        short=SHORT,
    )


def about(config: PaperConfig) -> Sequence[tuple[str, Sequence[str]]]:
    """What was measured, and on what: (heading, entries)."""
    limit = config.limit
    return [
        ("Encoders", [f"{encoder.name} ({encoder.config.model})" for encoder in config.encoders]),
        ("SAEs", list(map(_sae, config.saes))),
        ("Seeds", list(map(str, config.seeds))),
        ("Collections", list(map(_collection, config.collections))),
        (
            "LIMIT",
            [f"generated, {size:,} documents" for size in limit.sizes] + [one.name for one in limit.sources],
        ),
        ("Controls", list(_controls(config))),
    ]


def _sae(recipe: SaeRecipe) -> str:
    return (
        f"{recipe.name}: {recipe.n_latents:,} latents, k {recipe.k}, {recipe.n_tokens:,} training tokens "
        f"(repeats counted) of at most {recipe.distinct_tokens:,} distinct tokens of {recipe.text}"
    )


def _collection(named: NamedCollection) -> str:
    limit = f", {named.queries:,} queries at most" if named.queries else ""
    return f"{named.name} ({named.source}{limit})"


def _controls(config: PaperConfig) -> Iterator[str]:
    controls = config.controls
    if controls.random_directions:
        yield "an SAE of random directions"
    if controls.random_encoder:
        yield "the encoder with random weights"
    yield from (f"{encoder.name}, never trained for retrieval" for encoder in controls.encoders)
    if controls.learned_sparse:
        yield f"learned sparse ({controls.learned_sparse})"
