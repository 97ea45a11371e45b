"""LIMIT: which tokens does mean pooling average away that the latents keep?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.attribution.cosine_breakdown import why_no_breakdown
from analyses.attribution.limit import Attribute, Pooled, attribute_of, is_limit_style
from analyses.comparison.query_rankings import query_id_of
from analyses.figures.ranking.limit import firing_figure, pooled_figure
from analyses.text.latent_names import latent_name
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.jobs.artifacts import artifacts
from workbench.making.part import READING, TOKENS_PER_SECOND
from workbench.markup import highlight
from workbench.markup.formats import count, percent
from workbench.markup.latent_html import linked_table
from workbench.page import frame, links
from workbench.page.evidence import further_calls, record
from workbench.page.work import offer as job_offer
from workbench.views.explain import search

SOURCE, N_TOKENS = "limit:5000", 1_000_000
N_LATENTS, N_DOCUMENTS, N_OTHERS = 8, 16, 3


def page() -> None:
    key, study = frame.opened()
    frame.heading("LIMIT", "Which tokens does mean pooling average away that the latents keep?")
    if not is_limit_style(study) or not study.qrels:
        st.html(
            highlight.calm(
                "Not a LIMIT collection",
                'This page reads collections whose queries ask "Who likes quokkas?" and whose documents list what '
                "someone likes.",
            )
        )
        offer_limit(study)
        return
    query, idf = search.controls()
    st.html(highlight.figures(collection_headline(study, idf)))
    if not query:
        search.show_examples(study, "limit")
        return
    query_id = query_id_of(study, query)
    relevant = [doc for doc, grade in study.qrels.get(query_id or "", {}).items() if grade > 0]
    if attribute_of(query) is None or not relevant:
        st.html(
            highlight.calm(
                "No judgements for this query",
                "Choose one of the collection's own queries, which have judgements.",
            )
        )
        search.show_examples(study, "limit")
        return
    with st.spinner(search.READING):
        attribute = cached_systems.attribute(key, query, tuple(relevant), idf)
    call = further_calls.attribute(study, query, relevant, idf)
    record.record(f"firing {query}", table=attribute.latents, call=call)
    show_firing(key, query, attribute)
    if (reason := why_no_breakdown(study)) is not None:
        st.html(highlight.note(reason))
        return
    with st.spinner(f"Encoding {len(attribute.documents)} documents again, for their tokens"):
        pooled = cached_systems.pooled_away(key, query, tuple(relevant), idf)
    show_pooling(query, attribute, pooled)
    show_places(query, attribute, pooled)


def offer_limit(study: Study) -> None:
    """The job that indexes a LIMIT collection by this study's SAE."""
    out = artifacts().resolve() / "studies" / f"limit-by-{study.name}"
    if (out / "study.json").is_file():
        st.html(highlight.link(f"Open {out.name}", links.href("limit", study=out.name)))
        return
    job_offer.offer(
        ["index", "--sae", str(study.path.resolve() / "sae"), "--collection", SOURCE, "--out", str(out)],
        f"Index {SOURCE} by the SAE of {study.name}",
        "Make one",
        "A LIMIT collection of 5,000 documents can be generated, and indexed by the SAE of this study.",
        seconds=READING * N_TOKENS / TOKENS_PER_SECOND + 60,
    )


def collection_headline(study: Study, idf: cache.Idf) -> list[tuple[str, str, str]]:
    """R@10 over all queries: cosine, latents, words."""
    latent = LATENT if idf == "clipped" else LATENT_LUCENE_IDF
    means = study.evaluation
    return [
        (f"{means[one.name]['R@10']:.2f}", "R@10", f"{one.title}, over all queries")
        for one in (COSINE, latent, LEXICAL)
        if one.name in means
    ]


def show_firing(key: cache.Key, query: str, attribute: Attribute) -> None:
    """The latents that set the relevant documents apart, and the documents in which they fire."""
    names = cache.labels(key)
    latents, documents = attribute.latents.head(N_LATENTS), attribute.documents.head(N_DOCUMENTS)
    frame.label(
        f"Latents of “{attribute.name}”: the contribution of each to the relevant documents, left of the line"
    )
    chart = firing_figure(
        attribute.contributions[:N_LATENTS, :N_DOCUMENTS],
        latents,
        documents,
        names,
        lambda latent: frame.address("latent", latent=latent),
    )
    frame.show(chart, f"firing {query}")
    n_relevant = int(attribute.documents["relevant"].sum())
    above = int((attribute.latents["power"] > attribute.chance).sum())
    st.caption(
        f"Power: a latent's mean contribution to the {n_relevant} relevant documents minus that to all "
        f"others; exact. {count(above)} of {count(len(attribute.latents))} latents of the query exceed "
        f"{attribute.chance:.2f}, the 95th percentile of the strongest latent's power for {n_relevant} random "
        "documents."
    )
    with st.expander("These latents in numbers"):
        rows = (
            (
                latent_name(row["latent"], names[row["latent"]]),
                frame.address("latent", latent=row["latent"]),
                (
                    f"{row['power']:+.2f}",
                    f"{row['relevant']:.2f}",
                    f"{row['others']:.2f}",
                    count(row["document_frequency"]),
                    f"{row['n_relevant']} of {n_relevant}",
                    f"{row['named']} of {n_relevant}",
                ),
            )
            for row in attribute.latents.head(15).to_dict("records")
        )
        headings = (
            "latent",
            "power",
            "contribution to relevant",
            "contribution to others",
            "document frequency",
            "fires in",
            "fires on the attribute's words in",
        )
        st.html(linked_table(headings, rows))


def show_pooling(query: str, attribute: Attribute, pooled: Pooled) -> None:
    """The share of a document's vector that the tokens of the attribute make after mean pooling."""
    table = attribute.documents.merge(pooled.documents.drop(columns="cosine"), on="document")
    others = table[~table["relevant"]].sort_values("cosine", ascending=False).head(N_OTHERS)
    shown = pd.concat([table[table["relevant"]], others])
    share = table.loc[table["relevant"], "share"].mean()
    frame.label(
        f"Averaged away: tokens of “{attribute.name}” make {percent(share)} of a relevant document's vector, ◆; "
        "below, the first documents of cosine that are not relevant"
    )
    chart = pooled_figure(
        shown,
        pooled.tokens,
        attribute.tenth_cosine,
        lambda doc_id: frame.address("search", q=query, doc=doc_id),
    )
    frame.show(chart, f"pooled {query}")


def show_places(query: str, attribute: Attribute, pooled: Pooled) -> None:
    """The rank of each relevant document by the pooled vector, by latents, and by its tokens one by one."""
    table = attribute.documents.merge(pooled.documents.drop(columns="cosine"), on="document")
    n = len(table)
    frame.label("Ranks of the relevant documents")
    rows = (
        (
            row["doc_id"],
            frame.address("search", q=query, doc=row["doc_id"]),
            (
                count(row["cosine_rank"]),
                "–" if pd.isna(row["latent_rank"]) else count(row["latent_rank"]),
                f"{row['cosine_place']} / {row['token_place']} / {row['maxsim_place']}",
                f"{row['n_named']} of {row['n_tokens']}",
                f"{row['named_cosine']:.2f}",
                f"{row['rest_cosine']:.2f}",
                f"{row['cosine']:.2f}",
            ),
        )
        for row in table[table["relevant"]].to_dict("records")
    )
    headings = (
        "document",
        "by cosine",
        "by latents",
        f"of {n}: cosine / best token / MaxSim",
        "tokens of the attribute",
        "their cosine",
        "the rest's",
        "the document's",
    )
    st.html(linked_table(headings, rows))
    st.caption(
        f"By cosine and by latents: among all documents, exact. The ranks among {count(n)} are of candidates "
        "encoded again (the relevant, the first ten of both rankings, ten at random). Best token: the highest "
        "cosine of any one token with the query's vector. MaxSim: the best token for each token of the "
        "query's attribute, averaged."
    )
