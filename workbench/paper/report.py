"""report.html: everything that was made, to read, in one file that opens offline and runs no script.

Figures are inside as SVG images, tables as they are printed; every text is escaped here. What it says of the
numbers are the items' own facts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from data.files import new_file
from workbench.latent_card import visible
from workbench.paper.config import NamedCollection, PaperConfig, SaeRecipe
from workbench.paper.manifest import MadeItem, Paper

REPORT = "report.html"
STYLE = Path(__file__).parents[1] / "assets" / "report.css"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
SHORT = 12  # rows of a table that is shown at once
FOOT = (
    "Intervals are 95% bootstrap intervals over queries unless a caption says otherwise; they speak of other "
    "queries of these collections, not of other collections. Where an interval holds 0, nothing is claimed."
)


def write_report(paper: Paper) -> Path:
    """Write report.html beside what it shows, whole or not at all; returns its path."""
    path = paper.folder / REPORT
    with new_file(path) as temporary:
        temporary.write_text(report(paper), encoding="utf-8")
    return path


def report(paper: Paper) -> str:
    """The file's text."""
    title = text(paper.title)
    contents = "".join(
        f'<li><a href="#{text(item.name)}">{text(item.title)}</a></li>' for item in paper.items
    )
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body><article>",
        f"<header><h1>{title}</h1>{about(paper.config)}</header>",
        f"<nav><h2>Contents</h2><ol>{contents}</ol></nav>",
        *(section(paper.folder, item) for item in paper.items),
        f'<footer><p>{FOOT}</p><p class="quiet">{made_by(paper)}</p></footer></article></body></html>\n',
    ]
    return "".join(parts)


def section(folder: Path, item: MadeItem) -> str:
    """One item: its figure, its facts, its table."""
    caption, picture = text(item.caption), folder / f"{item.name}.svg"
    figure = ""
    if item.print is not None:
        drawn = b64encode(picture.read_bytes()).decode("ascii")
        image = f'<img class="{item.print.width}" alt="{text(item.title)}" src="data:image/svg+xml;base64,{drawn}">'
        figure = f"<figure>{image}<figcaption>{caption}</figcaption></figure>"
    rows = table(item.shown)
    if len(item.shown) > SHORT:
        rows = f"<details><summary>Table of {len(item.shown):,} rows</summary>{rows}</details>"
    told = "" if figure else f'<p class="caption">{caption}</p>'
    parts = f"<h2>{text(item.title)}</h2>{figure}{facts(item.facts)}{told}{rows}"
    return f'<section id="{text(item.name)}">{parts}</section>'


def facts(sentences: Sequence[str]) -> str:
    """A few sentences are a paragraph, many a list."""
    told = [text(sentence) for sentence in sentences]
    if len(told) <= 3:
        return f'<p class="facts">{" ".join(told)}</p>' if told else ""
    return f'<ul class="facts">{"".join(f"<li>{one}</li>" for one in told)}</ul>'


def table(shown: pd.DataFrame) -> str:
    """A printed table; the first column is a name, the others are numbers."""
    head = "".join(f"<th>{text(name)}</th>" for name in shown.columns)
    rows = ("".join(f"<td>{text(cell)}</td>" for cell in row) for row in shown.to_numpy())
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def about(config: PaperConfig) -> str:
    """What was measured, and on what, in a list."""
    lines = [
        ("Encoders", _joined(f"{one.name} ({one.config.model})" for one in config.encoders)),
        ("SAEs", _joined(map(_sae, config.saes))),
        ("Seeds", _joined(map(str, config.seeds))),
        ("Collections", _joined(map(_collection, config.collections))),
        ("LIMIT", _joined([*(f"generated, {size:,} documents" for size in config.limit.sizes),
                           *(one.name for one in config.limit.sources)])),
        ("Controls", _joined(_controls(config))),
    ]  # fmt: skip
    rows = "".join(f"<dt>{name}</dt><dd>{text(told)}</dd>" for name, told in lines if told)
    return f"<dl>{rows}</dl>"


def made_by(paper: Paper) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in paper.versions.items())
    command = f"Made by <code>{text(paper.command)}</code> with " if paper.command else "Made with "
    again = "Every figure and table carries its configuration, and can be made again from it."
    return f"{command}{text(packages)}. {again}"


def text(words: object) -> str:
    """Any text as HTML shows it: escaped, control characters made visible."""
    return escape(visible(str(words)))


def _sae(recipe: SaeRecipe) -> str:
    return (
        f"{recipe.name}: {recipe.n_latents:,} latents, k {recipe.k}, {recipe.n_tokens:,} token views of at most "
        f"{recipe.distinct_tokens:,} distinct tokens of {recipe.text}"
    )


def _collection(named: NamedCollection) -> str:
    return f"{named.name} ({named.source}" + (
        f", {named.queries:,} queries at most)" if named.queries else ")"
    )


def _controls(config: PaperConfig) -> Iterable[str]:
    controls = config.controls
    if controls.random_directions:
        yield "an SAE of random directions"
    if controls.random_encoder:
        yield "the encoder with random weights"
    yield from (f"{one.name}, never trained for retrieval" for one in controls.encoders)
    if controls.learned_sparse:
        yield f"learned sparse ({controls.learned_sparse})"


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)
