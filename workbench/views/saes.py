"""SAEs: can I trust this one, and which is better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from analyses.figures.layers import layers_figure
from analyses.figures.quality import density_figure, quality_figure, similarity_figure
from analyses.figures.sae_comparison import (
    ranking_agreement_figure,
    recurrence_figure,
)
from analyses.figures.sae_comparison import similarity_figure as partners_figure
from analyses.layers import layer_label, layer_of
from analyses.quality_record import VARIANTS, QualityCard, describe_measure
from analyses.sae_comparison import SaeComparison, family
from retrieval.study import Study
from workbench import cache, frame, highlight, jobs, selection
from workbench.formats import count, number, percent

TEXTS = {"held_out": "held-out text", "documents": "documents", "queries": "queries", "": "weights"}
SHARES = ("dead_share", "dense_share", "similarity_above_0.9")
GROUPS = {"document_frequency": "by document frequency", "type": "by type"}


def page() -> None:
    key, study = frame.opened()
    frame.heading("SAEs", "Can I trust this one, and which is better?")
    show_card(study)
    siblings = comparable(study)
    show_comparison(key, study, siblings)
    show_layers(key, study, siblings)


def show_card(study: Study) -> None:
    """The quality card of the study's SAE, or of another that was judged on this study."""
    cards = {path.stem: path for path in sorted((study.path / "cards").glob("*.json"))}
    own = str(study.manifest["sae"]["fingerprint"])
    chosen = selection.current().get("sae", own)
    if chosen not in cards and own in cards:
        chosen = own
    if len(cards) > 1:
        chosen = choose_card(study, cards, chosen)
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
        "Each number beside two controls: untrained random directions, and the same SAE on random weights"
    )
    frame.show(quality_figure(summary), "quality")
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("How often latents fire")
        frame.show(density_figure(card.density_table()), "densities")
    with right:
        frame.label("How alike decoder directions are")
        frame.show(similarity_figure(card.similarity_table()), "similarities")
    for sentence in card.notes:
        st.html(highlight.note(sentence))
    with st.expander("Every number of the card, and what it means"):
        st.html(highlight.table(readable(summary)))


def choose_card(study: Study, cards: Mapping[str, Path], chosen: str) -> str:
    """A choice among the cards that are kept here; the study's own stands first."""
    own = str(study.manifest["sae"]["fingerprint"])
    order = sorted(cards, key=lambda fingerprint: (fingerprint != own, fingerprint))
    names = {
        name: str(cache.quality_card(str(cards[name]), cards[name].stat().st_mtime_ns).sae["name"])
        for name in order
    }
    picked = st.selectbox(
        "Card", order, index=order.index(chosen) if chosen in order else 0, key=f"card {chosen}",
        format_func=lambda name: names[name] + (", this study's" if name == own else ""),
        label_visibility="collapsed",
    )  # fmt: skip
    if picked and picked != chosen:
        selection.choose(sae=None if picked == own else picked)
        st.rerun()
    return str(picked or chosen)


def offer_card(study: Study) -> None:
    """No card yet: what it would tell, and the job that makes it."""
    st.html(
        highlight.calm(
            "No quality card yet",
            "It tells how well this SAE reconstructs, how its latents are spent, how much of the cosine ranking "
            "survives reconstruction and how well the latents retrieve, each beside two controls. For the second "
            "one the documents are encoded once more, by an encoder with random weights: some minutes.",
        )
    )
    if st.button("Make the card", type="primary"):
        folder = study.path.resolve()
        job = jobs.start(
            ["sae-card", str(folder / "sae"), "--study", str(folder)], f"Quality card of {study.name}"
        )
        frame.go("train", job=job.id)


def origin(card: QualityCard) -> list[tuple[str, str]]:
    """What the card is of, and what it was measured on."""
    sae, encoder = card.sae, card.encoder
    trained = sae.get("trained_on", {})
    config = encoder.get("config", {})
    told = ", as its user says: the SAE itself does not" if trained.get("encoder_given_by_user") else ""
    rows = [
        ("SAE", f"{trained.get('training', {}).get('architecture', sae.get('architecture', 'topk'))}, "
                f"{count(sae['n_latents'])} latents of width {count(sae['d_model'])}"),
        ("Encoder", f"{config.get('model')}, {layer_label(config.get('layer'))} layer{told}"),
        ("Made by", imported(trained)),
    ]  # fmt: skip
    for text, facts in card.texts.items():
        what = f"{facts['name']}: {count(facts['n_texts'])} texts, {count(facts['n_tokens'])} tokens"
        rows.append(
            (TEXTS.get(text, text).capitalize(), what + (f" ({facts['why']})" if facts.get("why") else ""))
        )
    return [(name, value) for name, value in rows if value]


def imported(trained_on: Mapping[str, Any]) -> str:
    """Where an SAE that was made elsewhere comes from; nothing for our own."""
    facts = trained_on.get("imported") or {}
    return f"{facts.get('format', '')}, {facts.get('source', '')}" if facts else ""


def readable(summary: pd.DataFrame) -> pd.DataFrame:
    """A row a measure and text, a column a variant, what it means last."""
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
    mine = study.manifest["collection"]["fingerprint"]
    found = {}
    for name, path in frame.studies().items():
        key = cache.key_of(path)
        if path.resolve() != study.path.resolve():
            other = cache.open_study(key)
            if other.manifest["collection"]["fingerprint"] == mine:
                found[name] = key
    return found


def show_comparison(key: cache.Key, study: Study, siblings: Mapping[str, cache.Key]) -> None:
    """This SAE beside others of the same documents: what recurs, whether the rankings agree, what varies."""
    st.html(highlight.subheading("Beside others"))
    if not siblings:
        st.html(
            highlight.note(
                "No other study of these documents is open. Train another SAE, such as one of another seed, and "
                "index the same collection with it."
            )
        )
        return
    kept = [name for name in selection.current().get("others", "").split(",") if name in siblings]
    chosen = st.multiselect(
        "Compare with", list(siblings), kept, key=f"others {','.join(kept)}", placeholder="Compare with ...",
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen != kept:
        selection.choose(others=",".join(chosen))
        st.rerun()
    if not chosen:
        offer_family(study, siblings)
        return
    with st.spinner("Matching latents one to one; the first time takes some seconds a pair"):
        comparison = cache.sae_comparison((key, *(siblings[name] for name in chosen)))
    show_recurrence(comparison)
    left, right = st.columns(2, gap="large")
    with left:
        frame.label("Share of latents whose partner is at least so similar, and chance")
        frame.show(partners_figure(comparison.latents, vars(comparison.thresholds)), "partners")
    with right:
        frame.label("Do the rankings agree? Mean over queries, with 95% intervals")
        frame.show(ranking_agreement_figure(comparison.ranking_means), "agreement")
    frame.label(f"Mean and spread over these {len(comparison.names)} SAEs")
    st.html(highlight.table(spread_table(comparison.spread)))
    show_cards([study, *(cache.open_study(siblings[name]) for name in chosen)])


def offer_family(study: Study, siblings: Mapping[str, cache.Key]) -> None:
    """A link that compares this SAE with those that differ from it in their seed alone."""
    mine = family(study)
    seeds = [name for name, key in siblings.items() if mine and family(cache.open_study(key)) == mine]
    if seeds:
        text = f"Compare with the other seeds: {', '.join(seeds)}"
        st.html(highlight.link(text, frame.address("saes", others=",".join(seeds))))


def show_recurrence(comparison: SaeComparison) -> None:
    """The share of latents that recur, by band or by type."""
    group = st.segmented_control(
        "Split", list(GROUPS), default="document_frequency", format_func=lambda name: GROUPS[name],
        label_visibility="collapsed", key="recurrence", required=True,
    )  # fmt: skip
    frame.label(
        "Share of latents that recur: matched one to one, at a similarity of at least "
        f"{number(comparison.thresholds.decoder)}; the line is what chance gives"
    )
    frame.show(recurrence_figure(comparison.recurrence, str(group)), "recurrence figure")


def spread_table(spread: pd.DataFrame) -> pd.DataFrame:
    """A row a measure: mean, standard deviation, lowest and highest."""
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
    """The quality cards of studies beside each other, those that are made."""
    columns = {}
    for study in studies:
        path = study.path / "cards" / f"{study.manifest['sae']['fingerprint']}.json"
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
    """A sweep over layers, where studies of several layers of this encoder are open."""
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
    with st.spinner("Drawing queries again for the intervals"):
        table = cache.layer_table(tuple(by_layer.values()))
    frame.show(layers_figure(table), "layers")
