"""A latent's card: one HTML file to put into a blog, by itself or in an iframe; `assets/latent_card.html.j2`.

The card asks the network for nothing and runs no script, which its own content security policy holds it to; it is
light or dark as its reader's system is. The template escapes every text of the collection, the model or the reader,
makes their control characters visible, and isolates their direction (left or right).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analyses.dictionary.entry import LatentEntry, latent_entry
from analyses.figures.latents.types import TYPE_NAMES
from analyses.labels import explanations
from analyses.labels.explanations import Explanation
from analyses.latents.latent_table import vocabulary_table
from analyses.latents.neighbours import decoder_directions, nearest_by_cooccurrence, nearest_by_direction
from analyses.text.contexts import Context
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from workbench import ASSETS
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.markup.histogram_html import histogram
from workbench.markup.templates import Markup, render, visible

__all__ = ["latent_card", "study_card", "visible"]

N_CONTEXTS, N_WORDS, N_NEIGHBOURS = 6, 8, 6
STYLES = (ASSETS / "card.css", ASSETS / "histogram.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
Bars = list[tuple[str, float, str]]  # name, length in percent, note


def latent_card(
    entry: LatentEntry,
    nearest: pd.DataFrame,
    together: pd.DataFrame,
    lines: Sequence[Explanation],
    manifest: Mapping[str, Any],
) -> str:
    """The file's text. nearest: latent, label, cosine; together: latent, label, npmi; lines: a model's, if any."""
    words = None if entry.dead else entry.words.table.nlargest(N_WORDS, "share")
    return render(
        "latent_card",
        policy=Markup(POLICY),
        style=Markup("\n".join(path.read_text(encoding="utf-8") for path in STYLES)),
        title=entry.label or f"Latent {entry.latent}",
        source=source(entry, manifest),
        entry=entry,
        explanation={"text": lines[0].text, "score": score(lines[0])} if lines else None,
        figures=figures(entry),
        histogram=Markup("" if entry.dead else histogram(entry.token_histogram)),
        words=[] if words is None else bars(words["word"], words["share"], percent),
        contexts=[context(each, entry) for each in shown(entry)],
        nearest=neighbours(nearest, "cosine"),
        together=neighbours(together, "npmi"),
    )


def study_card(study: Study, latent: int) -> str:
    """The card of a latent of a study."""
    vocabulary = vocabulary_table(study)
    entry = latent_entry(study, latent, vocabulary=vocabulary)
    label, active = vocabulary["label"].to_numpy(), vocabulary["document_frequency"].to_numpy() > 0
    near = pd.DataFrame({"latent": [], "label": [], "cosine": []})
    together = pd.DataFrame({"latent": [], "label": [], "npmi": []})
    if not entry.dead:
        near = nearest_by_direction(decoder_directions(study), latent, active)
        near = near.assign(label=label[near["latent"]])
        together = nearest_by_cooccurrence(study, latent).table
        together = together.assign(label=label[together["latent"]])
    return latent_card(entry, near, together, explanations.explanations(study, latent=latent), study.manifest)


def source(entry: LatentEntry, manifest: Mapping[str, Any]) -> str:
    """`Latent 12 of 8,192, automatic label "not · never"; encoder on collection`; a folder's path stays private."""
    s = entry.statistics
    automatic = f", automatic label “{entry.automatic_label}”" if entry.label != entry.automatic_label else ""
    model, collection = str(manifest["encoder"]["config"]["model"]), str(manifest["collection"]["name"])
    encoder = Path(model).name if Path(model).is_absolute() else model
    return (
        f"Latent {entry.latent} of {count(float(s['n_latents'] or 0))}{automatic}; {encoder} on {collection}"
    )


def score(each: Explanation) -> str:
    """The model of an explanation, and the balanced accuracy beside its control's."""
    own, control = (part.measures()["value"].iloc[-1] for part in (each.detection, each.control))
    return f"{each.model}; balanced accuracy in detection {own:.2f}, control {control:.2f}"


def figures(entry: LatentEntry) -> list[tuple[str, str, str]]:
    """The statistics at the top: value, unit, name."""
    s = {name: float(value) for name, value in entry.statistics.items() if isinstance(value, int | float)}
    kind = entry.statistics["type"]
    return [
        *([(TYPE_NAMES[str(kind)], "", "type")] if kind else []),
        (count(s["document_frequency"]), f"of {count(s['n_docs'])}", "document frequency"),
        (percent(s["activation_density"]), f"{count(s['token_count'])} tokens", "activation density"),
        (number(s["strongest"]), "", "strongest activation"),
        (number(s["idf"]), "", "idf"),
    ]


def neighbours(table: pd.DataFrame, measure: str) -> Bars:
    """The first neighbours as bars."""
    rows = table.head(N_NEIGHBOURS)
    names = [latent_name(latent, label) for label, latent in zip(rows["label"], rows["latent"], strict=True)]
    return bars(names, rows[measure], "{:.2f}".format)


def bars(names: Any, values: Any, written: Any) -> Bars:
    """Names with bars as long as their values, the longest whole."""
    pairs = [(str(name), float(value)) for name, value in zip(names, values, strict=True)]
    largest = max((value for _, value in pairs), default=0) or 1.0
    return [(name, 100 * min(max(value / largest, 0), 1), written(value)) for name, value in pairs]


def shown(entry: LatentEntry) -> list[Context]:
    """The strongest contexts, and one of each weaker band."""
    return [*entry.contexts[:N_CONTEXTS], *(band.contexts[0] for band in entry.bands[1:] if band.contexts)]


def context(each: Context, entry: LatentEntry) -> dict[str, Any]:
    """A context as the template takes it; its marks are HTML."""
    strongest = float(entry.statistics["strongest"] or 0)
    body = highlight.marked(visible(each.text), each.highlights, "activation", strongest)
    return {"body": Markup(body), "title": each.title or each.doc_id, "activation": each.activation}
