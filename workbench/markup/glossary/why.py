"""The glossary's entries on where a ranking comes from."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

WHY = (
    Entry(
        "States",
        "What the latents of a row of the ladder are made of: token states as they are, each wordpiece's mean (no "
        "context), what is left of a state without it (context alone), and states of other tokens.",
    ),
    Entry(
        "Dictionary",
        "What turns states into latents: the trained SAE, or one of the same size that was not trained, or drawn.",
    ),
    Entry(
        "Less the trained SAE",
        "nDCG@10 less that of the trained SAE on states as they are, query by query.",
        also=("minus_sae", "less the SAE"),
    ),
    Entry(
        "Less cosine",
        "nDCG@10 less that of the encoder's own cosine, query by query.",
        also=("minus_cosine",),
    ),
    Entry(
        "By Lucene's idf",
        "nDCG@10 of the same ranking under Lucene's idf, which is never 0, in place of the paper's.",
        also=("nDCG@10_lucene",),
    ),
    Entry(
        "Postings a document",
        "Latents that a document has, in the mean: the more, the larger the index.",
        also=("postings_per_document",),
    ),
    Entry(
        "Wordpiece share",
        "Share of all activation that falls on the wordpiece on which its latent has most: 1 where every latent is "
        "one wordpiece. Estimated on one document in eight.",
        "Σ_j max_p a_jp / Σ_jp a_jp",
    ),
    Entry(
        "Distance from a power law",
        "Largest difference between the share of latents up to a document frequency and that of the likeliest "
        "law (Kolmogorov and Smirnov), from the frequency on where it is least; no test.",
        "max_x |F(x) − F_law(x)|",
    ),
    Entry("Never fires", "Share of the latents that are in no document."),
    Entry("In half of the documents", "Share of the latents that are in half of the documents or more."),
    Entry(
        "Shapley value",
        "A factor's mean gain in nDCG@10 over all orders in which the factors of BM25 can be switched on. The "
        "values of all factors sum to what they gain together.",
        "Σ_S |S|! (n − |S| − 1)! / n! (v(S and i) − v(S))",
    ),
    Entry(
        "All factors minus this",
        "nDCG@10 of BM25 with all of its factors, minus that of this ranking, query by query.",
    ),
    Entry(
        "Sparse cosine",
        "Cosine of the term frequencies of query and document over latents; with idf, of term frequency × idf.",
        "Σ_j w_j(q) w_j(d) / |w(q)| |w(d)|",
    ),
    Entry(
        "Cosine of the reconstruction",
        "The encoder's cosine with each token state replaced by what the SAE reconstructs of it.",
        "r = (Σ_j m_j W_dec_j) / T + b_dec",
    ),
    Entry(
        "Exact match",
        "A pair of tokens of query and document that belong to the same word, whatever its case and accents.",
        also=("exact", "of it exact"),
    ),
    Entry(
        "Inflected match",
        "A pair of tokens whose words differ and have the same stem.",
        also=("inflected",),
    ),
    Entry(
        "Soft match",
        "A pair of tokens whose words have different stems: what lexical BM25 cannot score.",
        also=("soft",),
    ),
    Entry(
        "Special match",
        "A pair of tokens of which one is a special token, such as [CLS], which is no word.",
        also=("with special tokens",),
    ),
    Entry(
        "Share of the score",
        "Part of the score of the first ten documents that these tokens of the query make, mean over queries.",
    ),
    Entry(
        "In the first ten",
        "Share of these relevant documents that the ranking has in its first ten; by one kind of match alone, the "
        "ranking of all documents by that part of their scores.",
        also=("by exact alone", "by inflected alone", "by soft alone"),
    ),
    Entry(
        "Soft share of the score",
        "The part of a score that soft matches make; contributions are divided among pairs of tokens in proportion "
        "to activation on both sides, a convention.",
        "Σ_soft credit / score",
    ),
    Entry(
        "Pair of tokens",
        "What a token of the query and one of the document make of the score together; all pairs sum to the score. "
        "By latents a convention, by the cosine and MaxSim exact.",
        "Σ_j c_j share_sj(q) share_tj(d)",
    ),
)
