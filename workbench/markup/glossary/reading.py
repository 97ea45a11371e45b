"""Statistics of the page Why: k1 in units of the mean weight, minimal pairs, axioms, and the known truth."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

READING = (
    Entry(
        "k1 / mean weight",
        "k1 in units of the mean term frequency of all postings: it means the same on long and short documents.",
        "k1 / mean of w_j(d) over w_j(d) > 0",
        ("k1 in units of the mean weight", "Units"),
    ),
    Entry(
        "Minus its own parameters",
        "nDCG@10 at this setting minus that of the vocabulary's own k1 and idf, paired over queries.",
    ),
    Entry(
        "Minimal pair",
        "A document and the same document with one edit, beside a control: the document with another edit of equal "
        "length.",
        "",
        ("edit",),
    ),
    Entry(
        "Effect beyond the control",
        "How far the edited text scores from its control, in the expected direction, relative to the documents' "
        "mean score. A bootstrap over documents gives the interval.",
        "± (s(edit) − s(control)) / mean |s(document)|",
        ("effect",),
    ),
    Entry(
        "As expected / against / tied",
        "Documents whose edited text scores on the expected side of its control, on the other side, or the same.",
    ),
    Entry(
        "Sign test",
        "How often a fair coin gives so uneven a count of documents as expected and against; ties are left out. "
        "With Holm's correction over all edits and systems.",
        "",
        ("p (sign test)",),
    ),
    Entry(
        "Axiom",
        "A preference between two documents of a query that follows from their words, as term frequency, length or "
        "proximity; it says nothing on most pairs.",
    ),
    Entry(
        "Agreement",
        "Of the pairs of documents on which an axiom has a preference, the share that a system orders as "
        "preferred; half by chance.",
        "pairs as preferred / pairs with a preference",
        ("preferred pairs", "agreement, pooled", "minus lexical bm25"),
    ),
    Entry(
        "Known truth",
        "Token states made from known directions that fire by a known law: what the workbench should find there is "
        "known, so what it finds says how far it can be believed.",
        "",
        ("put in", "value"),
    ),
    Entry(
        "Mean max cosine",
        "Mean over true directions of the highest cosine with a direction of the dictionary.",
        "mean_r max_j cos(D_r, W_dec,j)",
        ("highest cosine in the dictionary",),
    ),
    Entry("Directions found", "True directions whose highest cosine in the dictionary is above 0.9."),
    Entry(
        "Synonym precision and recall",
        "Of pairs of words with one strongest latent, those that are synonyms by construction; and the reverse.",
        "",
        ("synonym precision", "synonym recall"),
    ),
)
