"""A latent's card: one HTML file to put into a blog, by itself or in an iframe.

It asks the network for nothing and runs no script, which its own content security policy holds it to; it is light
or dark as its reader's system is. Every text of the collection, the model or the reader is escaped here, its
control characters are made visible, and its direction (left or right) stays its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from analyses import explanations
from analyses.contexts import Context
from analyses.dictionary import LatentEntry, latent_entry
from analyses.explanations import Explanation
from analyses.figures.types import TYPE_NAMES
from analyses.neighbours import decoder_directions, nearest_by_cooccurrence, nearest_by_direction
from analyses.vocabulary import vocabulary_table
from retrieval.study import Study
from workbench import highlight
from workbench.formats import count, number, percent
from workbench.histogram_html import histogram

N_CONTEXTS, N_WORDS, N_NEIGHBOURS = 6, 8, 6
ASSETS = Path(__file__).parent / "assets"
STYLES = (ASSETS / "card.css", ASSETS / "histogram.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
FOOT = (
    "A latent of a sparse autoencoder, trained to reconstruct a retriever's token states. Its label is a name to "
    "know it by; the contexts are the evidence. Made with the Latent terms workbench."
)
PICTURES: Mapping[int, int] = {  # control characters, and what stands for them
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n\r"},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}


def latent_card(
    entry: LatentEntry,
    nearest: pd.DataFrame,
    together: pd.DataFrame,
    lines: Sequence[Explanation],
    manifest: Mapping[str, Any],
) -> str:
    """The file's text. nearest: latent, label, cosine; together: latent, label, npmi; lines: a model's, if any."""
    title = visible(entry.label or f"Latent {entry.latent}")
    parts = [
        f'<h1 dir="auto">{escape(title)}</h1>',
        f'<p class="quiet">{escape(visible(source(entry, manifest)))}</p>',
        "".join(f'<span class="tag"><bdi>{escape(visible(tag))}</bdi></span>' for tag in entry.tags),
        "".join(said(each) for each in lines[:1]),
        figures(entry),
    ]
    if entry.dead:
        parts.append("<h2>It fires on no token of this collection</h2>")
    else:
        parts += [
            f'<div class="two"><div><h2>How strongly it fires</h2>{histogram(entry.token_histogram)}</div>',
            f"<div><h2>On which words, by share of its activation</h2>{words(entry)}</div></div>",
            "<h2>Where it fires most strongly, and at each quarter of its activations</h2>",
            "".join(context(each, entry) for each in shown(entry)),
            '<div class="two">',
            neighbours("Nearest by decoder direction, cosine", nearest, "cosine"),
            neighbours("Nearest by shared documents, NPMI", together, "npmi"),
            "</div>",
        ]
    style = "\n".join(path.read_text(encoding="utf-8") for path in STYLES)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>\n{style}</style></head><body><article class="card">'
        f'{"".join(parts)}<footer class="quiet">{FOOT}</footer></article></body></html>\n'
    )


def study_card(study: Study, latent: int) -> str:
    """The card of a latent of a study, from nothing."""
    vocabulary = vocabulary_table(study)
    entry = latent_entry(study, latent, vocabulary=vocabulary)
    label, alive = vocabulary["label"].to_numpy(), vocabulary["document_frequency"].to_numpy() > 0
    near = pd.DataFrame({"latent": [], "label": [], "cosine": []})
    together = pd.DataFrame({"latent": [], "label": [], "npmi": []})
    if not entry.dead:
        near = nearest_by_direction(decoder_directions(study), latent, alive)
        near = near.assign(label=label[near["latent"]])
        together = nearest_by_cooccurrence(study, latent).table
        together = together.assign(label=label[together["latent"]])
    return latent_card(entry, near, together, explanations.explanations(study, latent=latent), study.manifest)


def visible(text: str) -> str:
    """Control characters as their pictures, character for character, so that spans still fit."""
    return text.translate(PICTURES)


def source(entry: LatentEntry, manifest: Mapping[str, Any]) -> str:
    """`Latent 12 of 8,192, automatically "not · never"; encoder, collection`."""
    s = entry.statistics
    automatic = f", automatically “{entry.automatic_label}”" if entry.label != entry.automatic_label else ""
    model, collection = str(manifest["encoder"]["config"]["model"]), str(manifest["collection"]["name"])
    encoder = (
        Path(model).name if Path(model).is_absolute() else model
    )  # a folder's place is nobody's business
    return (
        f"Latent {entry.latent} of {count(float(s['n_latents'] or 0))}{automatic}; {encoder} on {collection}"
    )


def said(each: Explanation) -> str:
    """A model's line with its score beside its control's."""
    own, control = (part.measures()["value"].iloc[-1] for part in (each.detection, each.control))
    score = f"{each.model}; balanced accuracy in detection {own:.2f}, control {control:.2f}"
    line = f'<p class="said" dir="auto">{escape(visible(each.text))}</p>'
    return f'{line}<p class="quiet">{escape(visible(score))}</p>'


def figures(entry: LatentEntry) -> str:
    s = {name: float(value) for name, value in entry.statistics.items() if isinstance(value, int | float)}
    kind = entry.statistics["type"]
    rows = [
        (count(s["document_frequency"]), f"of {count(s['n_docs'])}", "documents"),
        (percent(s["activation_density"]), f"{count(s['token_count'])} tokens", "activation density"),
        (number(s["strongest"]), "", "strongest activation"),
        (number(s["idf"]), "", "idf"),
    ]
    if kind:
        rows.insert(0, (TYPE_NAMES[str(kind)], "", "type"))
    cells = "".join(
        f"<div><b>{escape(value)}<small>{escape(unit)}</small></b><span>{escape(name)}</span></div>"
        for value, unit, name in rows
    )
    return f'<div class="figures">{cells}</div>'


def words(entry: LatentEntry) -> str:
    rows = entry.words.table.nlargest(N_WORDS, "share")
    return bars(zip(rows["word"], rows["share"], (percent(share) for share in rows["share"]), strict=True))


def neighbours(title: str, table: pd.DataFrame, measure: str) -> str:
    rows = table.head(N_NEIGHBOURS)
    names = (
        f"{label or 'no label'} ({latent})"
        for label, latent in zip(rows["label"], rows["latent"], strict=True)
    )
    body = bars(zip(names, rows[measure], (f"{value:.2f}" for value in rows[measure]), strict=True))
    return f"<div><h2>{escape(title)}</h2>{body}</div>"


def bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """Names with bars as long as their numbers, the longest whole."""
    rows = list(rows)
    largest = max((value for _, value, _ in rows), default=0) or 1.0
    items = "".join(
        f"<li><bdi>{escape(visible(str(name)))}</bdi>"
        f'<i style="width:{100 * min(max(value / largest, 0), 1):.1f}%"></i><span>{escape(note)}</span></li>'
        for name, value, note in rows
    )
    return f'<ul class="bars">{items}</ul>' if items else '<p class="quiet">None.</p>'


def shown(entry: LatentEntry) -> list[Context]:
    """The strongest contexts, and one of each weaker band."""
    return [*entry.contexts[:N_CONTEXTS], *(band.contexts[0] for band in entry.bands[1:] if band.contexts)]


def context(each: Context, entry: LatentEntry) -> str:
    strongest = float(entry.statistics["strongest"] or 0)
    body = highlight.marked(visible(each.text), each.highlights, "activation", strongest)
    title = escape(visible(each.title or each.doc_id))
    return (
        f'<div class="context"><p dir="auto">{body}</p><div class="foot quiet"><bdi>{title}</bdi>'
        f"<span>activation {each.activation:.2f}</span></div></div>"
    )
