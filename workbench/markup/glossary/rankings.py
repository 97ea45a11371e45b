"""The glossary's entries on scores, rankings and what explains them."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

SCORES = (
    Entry(
        "Score",
        "BM25 over latents: a sum over the latents that query and document share. It orders documents for one "
        "query; scores of two queries are not comparable.",
        "Σ_j w_j(q) · idf_j · saturation_j(d)",
    ),
    Entry(
        "Query term frequency",
        "Root of the latent's summed activation over the query's tokens.",
        "w_j(q) = √(Σ_{t ∈ q} z_tj)",
    ),
    Entry(
        "Document term frequency",
        "Root of the latent's summed activation over the document's tokens.",
        "w_j(d) = √(Σ_{t ∈ d} z_tj)",
    ),
    Entry(
        "Saturation",
        "How much of the latent the document has, relative to its length: from 0 towards k1 + 1 = 9.",
        "w_j(d) (k1 + 1) / (w_j(d) + k1 (1 − b + b |d| / avg|d|))",
    ),
    Entry(
        "Contribution",
        "A latent's part of the score. Contributions sum to the score; rounding leaves below 1e-5 of it.",
        "c_j = w_j(q) · idf_j · saturation_j(d)",
        ("shared: contribution to a match",),
    ),
    Entry(
        "Document length",
        "Sum of the document's term frequencies over all latents.",
        "|d| = Σ_j w_j(d)",
        ("|d|", "length |d|"),
    ),
    Entry(
        "Length norm",
        "Term frequency that a document of this length needs, relative to one of average length.",
        "1 − b + b |d| / avg|d|",
        ("norm",),
    ),
    Entry(
        "k1",
        "How late a latent's contribution saturates: the larger, the longer it grows with term frequency. The "
        "paper's is 8.",
    ),
    Entry(
        "b",
        "Strength of length normalisation: 0 ignores document length, 1 divides by it. The paper's is 0.7.",
    ),
    Entry(
        "φ",
        "Turns a latent's summed activation into its term frequency; the paper's is the square root.",
        "w = φ(Σ_t z_t)",
    ),
    Entry(
        "Query term frequency × idf",
        "The most that a latent of a text can add to a score, up to the factor k1 + 1; "
        "how latents of a query are ordered.",
        "w_j(q) · idf_j",
        ("weight × idf", "term frequency × idf", "strength", "in the query"),
    ),
)

CREDIT = (
    Entry(
        "Credit, proportional",
        "A contribution, divided among the tokens on which the latent fires in proportion to "
        "activation. A convention: query and document each divide the whole of it.",
        "c_j z_tj / Σ_t' z_t'j",
    ),
    Entry(
        "Credit, leave one out",
        "What the score loses without one token's activations, with the document length "
        "recomputed. Exact. A token with credit below 0 only lengthens the document.",
        "s(d) − s(d without t)",
    ),
    Entry(
        "Credit, occlusion",
        "What the score loses when a word is masked and the text encoded again, minus what a mask "
        "that hides nothing loses. Masks change every token's state: the credit is often no larger than its noise.",
    ),
    Entry(
        "Area under deletion",
        "Mean score, relative to the whole text's, as words are deleted by falling credit. "
        "Small for a faithful credit.",
        "∫ s(kept words) / s(all)",
        ("deletion",),
    ),
    Entry(
        "Area under insertion",
        "Mean score, relative to the whole text's, as words are inserted by falling credit. "
        "Large for a faithful credit.",
        "∫ s(inserted words) / s(all)",
        ("insertion",),
    ),
    Entry(
        "Random orders as good",
        "Random orders of the words whose area is as good as the method's, for deletion and for insertion.",
    ),
    Entry(
        "Spearman's ρ",
        "Rank correlation: 1 for the same order, 0 for none, −1 for the reverse.",
        "Pearson's r of the ranks",
        ("ρ", "ρ (Spearman)"),
    ),
    Entry(
        "Kendall's τ",
        "Rank correlation: agreeing pairs minus disagreeing pairs, with ties taken into account (tau-b).",
    ),
    Entry(
        "Smallest set",
        "The fewest latents of the query without which two documents swap ranks, or one leaves the "
        "first ten; checked by searching again. Exact for a pair, else exact or bounded as the page says.",
    ),
    Entry(
        "Score difference",
        "The first document's score minus the second's; a sum over latents.",
        "Σ_j (c_j(A) − c_j(B))",
        ("score difference, A − B", "latents that favour A / B"),
    ),
    Entry(
        "Part of the cosine",
        "Mean pooling makes the cosine a sum over the document's latents, the SAE's bias, special "
        "tokens and what the SAE does not reconstruct.",
        "mean_t z_tj · (W_dec,j · v_q) / |p_d|",
        (
            "part",
            "from latents",
            "from the SAE's bias",
            "from what the SAE does not reconstruct",
            "from special tokens",
        ),
    ),
    Entry(
        "Averaged away",
        "A latent with a larger share of BM25's score than of the cosine's parts.",
        "share of BM25 − |share of the cosine|",
    ),
    Entry(
        "Importance",
        "nDCG@10 lost when a latent is removed from every query, mean over the judged queries; documents, "
        "their lengths and idf stay.",
        "nDCG@10(all latents) − nDCG@10(without j)",
        ("nDCG@10 lost", "nDCG@10 lost without the latent", "largest importance", "sum of importances"),
    ),
    Entry("Share of contributions", "Share of the judged queries' scores that these latents contribute."),
    Entry(
        "Stay in the first ten",
        "Of the first ten documents before a change, those among the first ten after it.",
        "|T ∩ T'| / 10",
        (
            "of the first ten stay, by latents",
            "of the first ten stay, by cosine",
            "share of the first ten that stay",
        ),
    ),
    Entry(
        "Matched control",
        "The same change to random other latents that contribute as much: what more than they cause "
        "is owed to the chosen latents.",
        "",
        ("random latents, as many postings",),
    ),
    Entry(
        "Cosine with the unchanged text",
        "Cosine of the pooled vectors of the steered text and of the text as it is.",
    ),
    Entry(
        "Postings",
        "Pairs of a latent and a document that holds it; what pruning takes out of an index.",
        "",
        ("of postings",),
    ),
    Entry(
        "Share of query term frequency",
        "These latents' share of the summed term frequencies of all queries.",
        "",
        ("of query term frequency", "of queries"),
    ),
)

RANKINGS = (
    Entry(
        "nDCG@10",
        "Quality of the first ten results, from 0 to 1: discounted gain over that of the ideal order.",
        "Σ_{i ≤ 10} gain_i / log₂(i + 1), over the ideal order's",
    ),
    Entry(
        "MRR@10",
        "Mean over queries of one over the rank of the first relevant result, 0 beyond the tenth.",
        "mean 1 / rank",
        ("RR@10", "mean of 1 / rank, b = 0", "with b"),
    ),
    Entry(
        "Recall",
        "Share of the relevant documents among the first k.",
        "R@k = |relevant ∩ first k| / |relevant|",
        ("R@10", "R@100", "R@1000", "recall@10", "recall@100"),
    ),
    Entry(
        "95% interval",
        "Bootstrap: queries are drawn again with replacement 1,000 times, and the middle 95% of the "
        "means kept. It says nothing of other collections, nor of other seeds.",
        "",
        ("difference", "change of nDCG@10", "change from the paper's"),
    ),
    Entry("Wilson interval", "95% interval of a share of n trials that stays within 0 and 1 (Wilson 1927)."),
    Entry(
        "Won and lost",
        "Queries on which a system's nDCG@10 is above, or below, another's; here the encoder's own "
        "score. Ties are not counted.",
        "",
        ("won / lost", "won / tied / lost", "won", "tied", "lost"),
    ),
    Entry(
        "p",
        "p-value: how often chance alone gives a difference at least as large. Between systems by a paired "
        "randomisation test, with Holm's correction over the systems.",
        "",
        ("p-value", "p (Holm)", "p (randomisation)"),
    ),
    Entry(
        "Holm's correction",
        "Multiplies the i-th smallest of m p-values by m − i + 1, so that the chance of any false "
        "discovery stays below the level (Holm 1979).",
    ),
    Entry(
        "Overlap@10",
        "Share of the first ten documents that two rankings of a query have in common.",
        "|A ∩ B| / 10",
        ("shared", "of the first ten shared"),
    ),
    Entry(
        "RBO",
        "Rank-biased overlap over a hundred documents, 1 for the same ranking; the first ten ranks have 86% of "
        "the weight.",
        "(1 − p) Σ_d p^(d−1) overlap@d, p = 0.9",
    ),
    Entry(
        "Cosine",
        "Cosine of the encoder's own vectors of query and document: the dense retriever's score.",
        "v_q · v_d / (|v_q| |v_d|)",
        ("by cosine", "their cosine", "the rest's", "the document's"),
    ),
    Entry(
        "MaxSim",
        "The score of a multi-vector encoder: for each query token the best document token's similarity, "
        "summed.",
        "Σ_{t ∈ q} max_{u ∈ d} v_t · v_u",
    ),
    Entry("Lexical BM25", "BM25 over the stemmed words of the text, k1 = 1.5, b = 0.75.", "", ("BM25",)),
)

MISSES = (
    Entry("Missed", "Relevant documents beyond the first k.", "", ("relevant documents missed",)),
    Entry(
        "Shares no latent",
        "Query and document have no latent in common, so the score is 0.",
        "",
        ("no shared latent",),
    ),
    Entry(
        "Shares only latents with idf 0",
        "What query and document share is in over half of the documents, so idf is 0 "
        "under the paper's formula, and the score is 0.",
        "",
        ("only idf 0",),
    ),
    Entry(
        "Ranked lower for its length",
        "Of average length, and nothing else changed, the document would be among the first k. The "
        "same question is put to documents that are not relevant, as a control.",
        "s(d | |d| = avg|d|)",
    ),
    Entry(
        "Outscored",
        "None of the other reasons. The latents named are those on which the first documents lead most, "
        "on average: where the score is lost, not what would be right.",
    ),
    Entry(
        "Lead",
        "How much more score a document, or one latent of it, has than the missed document.",
        "",
        ("ahead by", "which alone is ahead by", "lead of this latent", "summed lead"),
    ),
    Entry(
        "Power",
        "On LIMIT: a latent's mean contribution to the relevant documents minus that to all others. Control: "
        "the strongest latent for as many random documents.",
        "mean_relevant c_j − mean_others c_j",
    ),
)
