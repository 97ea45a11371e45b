"""LIMIT: where does one vector lose what the latents keep?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.comparison import query_id_of
from analyses.cosine_ledger import why_no_ledger
from analyses.figures.limit import firing_figure, pooled_figure
from analyses.limit_microscope import Attribute, Pooled, attribute_of, is_limit_style
from retrieval.study import Study
from workbench import cache, cached_systems, frame, highlight
from workbench.formats import count, percent
from workbench.latent_html import linked_table
from workbench.views import search

N_LATENTS, N_DOCUMENTS, N_OTHERS = 8, 16, 3


def page() -> None:
    key, study = frame.opened()
    frame.heading("LIMIT", "Where does one vector lose what the latents keep?")
    if not is_limit_style(study) or not study.qrels:
        st.html(
            highlight.calm(
                "Not a LIMIT collection",
                'This page reads collections whose queries ask "Who likes quokkas?" and whose documents list what '
                "someone likes. Index one with `workbench index --collection limit:5000`.",
            )
        )
        return
    query, idf = search.controls(study)
    st.html(highlight.figures(collection_headline(study, idf)))
    if not query:
        search.show_examples(study, "limit")
        return
    query_id = query_id_of(study, query)
    relevant = [doc for doc, grade in study.qrels.get(query_id or "", {}).items() if grade > 0]
    if attribute_of(query) is None or not relevant:
        st.html(
            highlight.calm(
                "Nobody judged this", "Choose one of the collection's own queries, whose answers are known."
            )
        )
        search.show_examples(study, "limit")
        return
    with st.spinner("Reading the query; the first one also loads the encoder"):
        found = cached_systems.attribute(key, query, tuple(relevant), idf)
    show_firing(key, query, found)
    if (reason := why_no_ledger(study)) is not None:
        st.html(highlight.note(reason))
        return
    with st.spinner(f"Encoding {len(found.documents)} documents anew, to see their tokens"):
        pooled = cached_systems.pooled_away(key, query, tuple(relevant), idf)
    show_pooling(query, found, pooled)
    show_places(query, found, pooled)


def collection_headline(study: Study, idf: cache.Idf) -> list[tuple[str, str, str]]:
    """R@10 over all queries: cosine, latents, words."""
    latent = "latent" if idf == "clipped" else "latent_lucene_idf"
    systems = (("cosine", "Cosine"), (latent, "Latent terms"), ("bm25", "Lexical BM25"))
    means = study.evaluation
    return [
        (f"{means[system]['R@10']:.2f}", "R@10", f"{name}, over all queries")
        for system, name in systems
        if system in means
    ]


def show_firing(key: cache.Key, query: str, found: Attribute) -> None:
    """The latents that tell the relevant documents apart, and in which documents they fire."""
    names = cache.labels(key)
    latents, documents = found.latents.head(N_LATENTS), found.documents.head(N_DOCUMENTS)
    frame.label(
        f"The latents that carry “{found.name}”: what each gives the relevant documents, left of the line"
    )
    chart = firing_figure(
        found.contributions[:N_LATENTS, :N_DOCUMENTS], latents, documents, names,
        lambda latent: frame.address("latent", latent=latent),
    )  # fmt: skip
    frame.show(chart, f"firing {query}")
    n_relevant = int(found.documents["relevant"].sum())
    above = int((found.latents["power"] > found.chance).sum())
    st.caption(
        f"Power: a latent's mean contribution to the {n_relevant} relevant documents, less that to others; exact. "
        f"{count(above)} of {count(len(found.latents))} latents of the query exceed {found.chance:.2f}, which the "
        f"strongest latent for {n_relevant} documents drawn at random stays under in 95% of draws."
    )
    with st.expander("These latents in numbers"):
        rows = (
            (f"{names[row['latent']]}  {row['latent']}", frame.address("latent", latent=row["latent"]),
             (f"{row['power']:+.2f}", f"{row['relevant']:.2f}", f"{row['others']:.2f}",
              count(row["document_frequency"]), f"{row['n_relevant']} of {n_relevant}",
              f"{row['named']} of {n_relevant}"))
            for row in found.latents.head(15).to_dict("records")
        )  # fmt: skip
        headings = (
            "latent",
            "power",
            "relevant",
            "others",
            "documents",
            "fires in",
            "on the words themselves in",
        )
        st.html(linked_table(headings, rows))


def show_pooling(query: str, found: Attribute, pooled: Pooled) -> None:
    """What the mean makes of the tokens that name the attribute."""
    table = found.documents.merge(pooled.documents.drop(columns="cosine"), on="document")
    others = table[~table["relevant"]].sort_values("cosine", ascending=False).head(N_OTHERS)
    shown = pd.concat([table[table["relevant"]], others])
    share = table.loc[table["relevant"], "share"].mean()
    frame.label(
        f"Pooled away: the tokens of “{found.name}” make {percent(share)} of a relevant document's vector (◆); "
        "under them, cosine's first others"
    )
    chart = pooled_figure(
        shown, pooled.tokens, found.tenth_cosine, lambda doc_id: frame.address("search", q=query, doc=doc_id)
    )
    frame.show(chart, f"pooled {query}")


def show_places(query: str, found: Attribute, pooled: Pooled) -> None:
    """Where each relevant document stands, by the pooled vector, by latents, and by its tokens one by one."""
    table = found.documents.merge(pooled.documents.drop(columns="cosine"), on="document")
    n = len(table)
    frame.label("The places of the relevant documents")
    rows = (
        (row["doc_id"], frame.address("search", q=query, doc=row["doc_id"]),
         (count(row["cosine_rank"]), "–" if pd.isna(row["latent_rank"]) else count(row["latent_rank"]),
          f"{row['cosine_place']} / {row['token_place']} / {row['maxsim_place']}",
          f"{row['n_named']} of {row['n_tokens']}", f"{row['named_cosine']:.2f}", f"{row['rest_cosine']:.2f}",
          f"{row['cosine']:.2f}"))
        for row in table[table["relevant"]].to_dict("records")
    )  # fmt: skip
    headings = (
        "document", "by cosine", "by latents", f"of {n}: cosine / best token / MaxSim", "tokens that name it",
        "their cosine", "the rest's", "the document's",
    )  # fmt: skip
    st.html(linked_table(headings, rows))
    st.caption(
        f"By cosine and by latents: of all documents, exact. The places among {count(n)} are of candidates encoded "
        "anew (the relevant, the first ten of both rankings, ten at random). Best token: the highest cosine of any "
        "one token with the query's vector. MaxSim: the best one for each token of the query's attribute, averaged."
    )
