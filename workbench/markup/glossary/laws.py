"""The glossary's entries on laws of language, and on what BM25 takes for granted."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

LAWS = (
    Entry(
        "Rank and frequency",
        "Terms from the most to the least frequent. Zipf's law is a straight line on both log "
        "scales. Words and wordpieces of the same texts are the control: a bend they share is the collection's.",
    ),
    Entry(
        "Power law",
        "Frequencies above x_min fall as a power; fitted by maximum likelihood "
        "(Clauset, Shalizi and Newman 2009).",
        "P(X = x) ∝ x^−α, x ≥ x_min",
        ("law", "fitted to"),
    ),
    Entry(
        "Exponent",
        "α of the power law. The rank form of Zipf's law falls with 1 / (α − 1), which is 1 for Zipf's own.",
        "f(r) ∝ r^−1/(α−1)",
        ("parameters", "parameters (95% interval)"),
    ),
    Entry(
        "KS distance",
        "Kolmogorov-Smirnov: the largest difference of the cumulative shares of data and law.",
        "max_x |S(x) − P(x)|",
    ),
    Entry(
        "p (bootstrap)",
        "Share of samples of the fitted law that lie as far from their own fit as the data do: below "
        "0.1 the law is ruled out; above, it may hold, and so may others.",
    ),
    Entry(
        "ln likelihood ratio",
        "Above 0, the first law fits better. Tested by Vuong's test, or by chi-squared where one "
        "law contains the other.",
        "ln L_1 − ln L_2",
    ),
    Entry(
        "Heaps' β",
        "Distinct terms against tokens read: Heaps' law is a straight line of slope β on both log scales. A "
        "dictionary of fixed size must close; a language need not.",
        "V = K · tokens^β",
        ("β",),
    ),
    Entry(
        "Misses by",
        "Largest distance of the fitted law from the curve, as a share of the curve.",
        "max |V − fit| / V",
    ),
    Entry(
        "Exponent at the end",
        "Exact slope of the growth curve at its last document: near 0, the vocabulary is closed.",
        "terms in one document alone / terms met",
        ("at the end", "at the start", "exponent at the end, latents", "exponent at the end, words"),
    ),
    Entry(
        "Terms met",
        "Distinct terms in the texts read, and their share of the dictionary.",
        "V",
        ("met", "of the dictionary"),
    ),
    Entry("In one document", "Terms that exactly one document holds.", "Q₁", ("in one document alone",)),
    Entry(
        "Unseen",
        "Chao's lower bound on the terms that no document has shown yet (Chao 1987).",
        "(N − 1)/N · Q₁ (Q₁ − 1) / (2 (Q₂ + 1))",
        ("still to come", "unseen, at least"),
    ),
    Entry(
        "New", "Chance that the next occurrence is of a term not met before (Good 1953).", "Q₁ / occurrences"
    ),
    Entry(
        "Adaptation",
        "Of the documents that hold a term, the share that hold it twice or more. Far above the share of "
        "a Poisson process, terms come in bursts: what BM25's saturation is made for.",
        "P(k ≥ 2) / P(k ≥ 1)",
    ),
    Entry(
        "Burstiness",
        "Mean occurrences of a term in the documents that hold it.",
        "tokens / document frequency",
    ),
    Entry(
        "Evidence of relevance",
        "How much more often relevant documents hold a query's term with such a term frequency "
        "than all documents that hold it. The k1 nearest to it need not rank best.",
        "ln(relevant / expected)",
    ),
    Entry(
        "Polysemy, δ",
        "Number of forms a latent fires on, or of latents a word activates, grows with frequency to the "
        "power δ (Zipf 1945: one half). Random tokens gather company too, and are the control.",
        "meanings = c · frequency^δ",
        ("δ", "by chance"),
    ),
    Entry(
        "log2 ratio",
        "How many times more often the first collection's documents hold the latent, in doublings.",
        "log₂(share here / share there)",
        ("median log2 ratio",),
    ),
    Entry(
        "G-test",
        "Tests the 2 × 2 table of documents with and without the latent in two collections; χ² with one "
        "degree of freedom.",
        "G = 2 Σ O ln(O / E)",
        ("tested",),
    ),
    Entry(
        "q",
        "p-value adjusted for false discoveries: of the latents up to q, at most a share q is found by chance, on "
        "average (Benjamini and Hochberg 1995).",
        "p_(i) · m / i",
        ("found by chance",),
    ),
)
