"""SAEs: how good is this SAE beside its controls, and beside others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.saes.card import density_figure, quality_figure, similarity_figure
from analyses.figures.saes.layers import layers_figure
from analyses.figures.saes.sae_comparison import (
    ranking_agreement_figure,
    recurrence_figure,
)
from analyses.figures.saes.sae_comparison import similarity_figure as partners_figure
from analyses.saes.card_record import VARIANTS, QualityCard, card_path, describe_measure
from analyses.saes.layers import layer_label, layer_of
from analyses.saes.sae_comparison import SaeComparison, family
from retrieval.study import Study
from workbench.caches import cache
from workbench.making.part import Size
from workbench.markup import highlight
from workbench.markup.formats import count, number, percent
from workbench.page import frame, selection, url_widgets
from workbench.page.evidence import further_calls
from workbench.page.work import offer as job_offer
from workbench.views.studies import _compared_saes

TEXTS = {"held_out": "held-out text", "documents": "documents", "queries": "queries", "": "weights"}
SHARES = ("dead_share", "dense_share", "similarity_above_0.9")
GROUPS = {"document_frequency": "by document frequency", "type": "by type"}


def page() -> None:
    key, study = frame.opened()
    frame.heading("SAEs", "How good is this SAE beside its controls, and beside others?")
    show_card(study)
    siblings = comparable(study)
    show_comparison(key, study, siblings)
    show_layers(key, study, siblings)


def show_card(study: Study) -> None:
    """The quality card of the study's SAE, or of another SAE that was measured on this study."""
    cards = {path.stem: path for path in sorted((study.path / "cards").glob("*.json"))}
    own = str(study.manifest["sae"]["fingerprint"])
    chosen = selection.current().get("sae", own)
    if chosen not in cards and own in cards:
        chosen = own
    if len(cards) > 1:
        chosen = choose_card(study, cards)
    if chosen not in cards:
        offer_card(study)
        return
    card = cache.quality_card(str(cards[chosen]), cards[chosen].stat().st_mtime_ns)
    st.html(
        highlight.subheading(f"SAE {study.manifest['sae']['name'] if chosen == own else card.sae['name']}")
    )
    st.html(highlight.facts(origin(card)))
    summary = card.summary_table()
    frame.label(
        "Each number beside two controls: untrained random directions, and the same SAE on an encoder of "
        "random weights"
    )
    frame.show(quality_figure(summary), "quality", summary, further_calls.card(study, chosen))
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("Activation density of the latents")
        frame.show(density_figure(card.density_table()), "densities")
    with right:
        frame.label("Cosine with the nearest other decoder direction")
        frame.show(similarity_figure(card.similarity_table()), "similarities")
    for sentence in card.notes:
        st.html(highlight.note(sentence))
    with st.expander("Every number of the card, and its meaning"):
        st.html(highlight.table(readable(summary)))


def choose_card(study: Study, cards: Mapping[str, Path]) -> str:
    """A choice among the cards kept in this study; the study's own comes first."""
    own = str(study.manifest["sae"]["fingerprint"])
    order = sorted(cards, key=lambda fingerprint: (fingerprint != own, fingerprint))
    names = {
        name: str(cache.quality_card(str(cards[name]), cards[name].stat().st_mtime_ns).sae["name"])
        for name in order
    }
    shown = {name: names[name] + (", this study's" if name == own else "") for name in order}
    return url_widgets.select("sae", "Card", shown, order[0], label_visibility="collapsed")


def offer_card(study: Study) -> None:
    """No card yet: what a card holds, and the job that makes it."""
    st.html(
        highlight.calm(
            "No quality card yet",
            "A card measures reconstruction, the use of the latents, how much of the cosine ranking "
            "reconstruction keeps, and retrieval, each beside two controls. For the second control the "
            "documents are encoded once more, by an encoder with random weights: some minutes.",
        )
    )
    folder, size = study.path.resolve(), Size.of(study)
    job_offer.offer(
        ["sae-card", str(folder / "sae"), "--study", str(folder)],
        f"Quality card of {study.name}",
        "Make the card",
        seconds=3 * size.reading(size.n_docs) + 60,
        writes=study.path,
        type="primary",
    )


def origin(card: QualityCard) -> list[tuple[str, str]]:
    """The SAE, its encoder, and the texts that the card was measured on."""
    sae, encoder = card.sae, card.encoder
    trained = sae.get("trained_on", {})
    config = encoder.get("config", {})
    source = " (stated by the user, not by the SAE)" if trained.get("encoder_given_by_user") else ""
    rows = [
        (
            "SAE",
            f"{trained.get('training', {}).get('architecture', sae.get('architecture', 'topk'))}, "
            f"{count(sae['n_latents'])} latents of width {count(sae['d_model'])}",
        ),
        ("Encoder", f"{config.get('model')}, {layer_label(config.get('layer'))} layer{source}"),
        ("Made by", imported(trained)),
    ]
    for text, facts in card.texts.items():
        what = f"{facts['name']}: {count(facts['n_texts'])} texts, {count(facts['n_tokens'])} tokens"
        rows.append(
            (TEXTS.get(text, text).capitalize(), what + (f" ({facts['why']})" if facts.get("why") else ""))
        )
    return [(name, value) for name, value in rows if value]


def imported(trained_on: Mapping[str, Any]) -> str:
    """The source of an imported SAE; nothing for one trained here."""
    facts = trained_on.get("imported") or {}
    return f"{facts.get('format', '')}, {facts.get('source', '')}" if facts else ""


def readable(summary: pd.DataFrame) -> pd.DataFrame:
    """One row per measure and text, one column per variant, the meaning last."""
    rows = []
    for (measure, text), part in summary.groupby(["measure", "text"], sort=False):
        described = describe_measure(str(measure))
        rows.append(
            {"Measure": described.label, "Measured on": TEXTS.get(str(text), str(text))}
            | {
                VARIANTS.get(str(row["variant"]), "Words"): written(str(measure), row)
                for row in part.to_dict("records")
            }
            | {"Meaning": described.meaning}
        )
    table = pd.DataFrame(rows).fillna("")
    return table[[*(name for name in table.columns if name != "Meaning"), "Meaning"]]


def written(measure: str, row: Mapping[Any, Any]) -> str:
    """A number of the card with its interval."""
    write = percent if measure in SHARES else number
    interval = "" if pd.isna(row["low"]) else f"  ({write(row['low'])} to {write(row['high'])})"
    return write(row["value"]) + interval


def comparable(study: Study) -> dict[str, cache.Key]:
    """The other studies of the same documents, by name."""
    fingerprint = study.manifest["collection"]["fingerprint"]
    others = frame.other_studies(study).items()
    return {name: other.key for name, other in others if other.collection == fingerprint}


def show_comparison(key: cache.Key, study: Study, siblings: Mapping[str, cache.Key]) -> None:
    """This SAE beside others on the same documents: recurrence, agreement of rankings, spread of measures."""
    st.html(highlight.subheading("Beside other SAEs"))
    if not siblings:
        st.html(
            highlight.note(
                "No other study of these documents is open. Train another SAE, such as one of another seed, "
                "and index the same collection with that SAE."
            )
        )
        return
    chosen = url_widgets.multiselect(
        "others",
        "Compare with",
        {name: name for name in siblings},
        placeholder="Compare with ...",
        label_visibility="collapsed",
    )
    if not chosen:
        offer_family(study, siblings)
        return
    comparison = _compared_saes.comparison((key, *(siblings[name] for name in chosen)))
    if comparison is None:
        return
    show_recurrence(comparison)
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("Share of latents whose partner has at least this similarity, beside chance")
        frame.show(partners_figure(comparison.latents, vars(comparison.thresholds)), "partners")
    with right:
        frame.label("Do the rankings agree? Mean over queries, with 95% intervals")
        frame.show(ranking_agreement_figure(comparison.ranking_means), "agreement")
    frame.label(f"Mean and spread over these {len(comparison.names)} SAEs")
    st.html(highlight.table(spread_table(comparison.spread)))
    show_cards([study, *(cache.open_study(siblings[name]) for name in chosen)])


def offer_family(study: Study, siblings: Mapping[str, cache.Key]) -> None:
    """A link that compares this SAE with those that differ in the seed alone."""
    own = family(study)
    seeds = [name for name, key in siblings.items() if own and family(cache.open_study(key)) == own]
    if seeds:
        text = f"Compare with the other seeds: {', '.join(seeds)}"
        st.html(highlight.link(text, frame.address("saes", others=",".join(seeds))))


def show_recurrence(comparison: SaeComparison) -> None:
    """The share of latents that recur, by frequency band or by type."""
    group = st.segmented_control(
        "Split",
        list(GROUPS),
        default="document_frequency",
        format_func=lambda name: GROUPS[name],
        label_visibility="collapsed",
        key="recurrence",
        required=True,
    )
    frame.label(
        "Recurrence: share of latents matched one to one at a similarity of at least "
        f"{number(comparison.thresholds.decoder)}; the line is chance"
    )
    frame.show(recurrence_figure(comparison.recurrence, str(group)), "recurrence figure")


def spread_table(spread: pd.DataFrame) -> pd.DataFrame:
    """One row per measure: mean, standard deviation, lowest and highest."""
    return pd.DataFrame(
        {
            "Measure": spread["measure"],
            "Mean": spread["mean"].map(number),
            "Standard deviation": spread["standard_deviation"].map(
                lambda value: number(value) if value == value else "–"
            ),
            "Lowest": spread["low"].map(number),
            "Highest": spread["high"].map(number),
        }
    )


def show_cards(studies: Sequence[Study]) -> None:
    """The quality cards of studies beside each other, as far as they are made."""
    columns = {}
    for study in studies:
        path = card_path(study, str(study.manifest["sae"]["fingerprint"]))
        if path.is_file():
            card = cache.quality_card(str(path), path.stat().st_mtime_ns)
            table = card.summary_table().query("variant == 'sae'")
            columns[study.name] = {
                f"{describe_measure(row['measure']).label}, {TEXTS.get(row['text'], row['text'])}": written(
                    row["measure"], row
                )
                for row in table.to_dict("records")
            }
    missing = [study.name for study in studies if study.name not in columns]
    if columns:
        with st.expander("Their quality cards, side by side"):
            st.html(highlight.table(pd.DataFrame(columns).rename_axis("Measure").reset_index().fillna("")))
    if missing:
        st.html(highlight.note(f"No quality card yet: {', '.join(missing)}."))


def show_layers(key: cache.Key, study: Study, siblings: Mapping[str, cache.Key]) -> None:
    """Retrieval by layer, where studies of several layers of this encoder are open."""
    by_layer = {layer_of(study): key}
    for other in siblings.values():
        opened = cache.open_study(other)
        same = opened.manifest["encoder"]["fingerprint"] == study.manifest["encoder"]["fingerprint"]
        if same and list(opened.queries.ids) == list(study.queries.ids):
            by_layer.setdefault(layer_of(opened), other)
    if len(by_layer) < 2 or not study.qrels:
        return
    st.html(highlight.subheading("Layer by layer"))
    frame.label("The same kind of SAE on each layer of this encoder, with 95% intervals over queries")
    with st.spinner("Resampling queries for the intervals"):
        table = cache.layer_table(tuple(by_layer.values()))
    frame.show(layers_figure(table), "layers")
