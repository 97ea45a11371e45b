"""The glossary's entries on latents and their types."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

LATENTS = (
    Entry(
        "Latent",
        "One of the SAE's directions. On each token it is either silent or has an activation.",
        "h_t ≈ Σ_j z_tj W_dec,j + b_dec",
        ("latents on both",),
    ),
    Entry(
        "Label",
        "The words on which the latent fires most, weighted by activation. A machine picks them: a name, "
        "not a meaning. The contexts are the evidence.",
    ),
    Entry(
        "Your label, tags, note",
        "Your own words on a latent, kept in the study. Your label replaces the automatic "
        "one wherever the latent is named; the automatic one stays on its page.",
        "",
        ("tags",),
    ),
    Entry(
        "Activation",
        "How strongly the latent fires on one token, in the units of the encoder's hidden states. "
        "Compare activations of one latent, not of several.",
        "z_t = TopK(ReLU(W_enc (h_t − b_dec) + b_enc), k)",
    ),
    Entry(
        "Strongest activation", "The latent's largest activation on a token of this collection.", "max_t z_tj"
    ),
    Entry(
        "Summed activation",
        "The latent's activations added up over the tokens of a text, or of the collection "
        "(collection frequency).",
        "Σ_t z_tj",
        ("collection frequency", "summed activation of the collection"),
    ),
    Entry(
        "Term frequency",
        "How much of a latent a text has, as BM25 sees it: the root of the summed activation.",
        "w_j(d) = √(Σ_t z_tj)",
        ("term frequency w(d)", "term frequency w(q)"),
    ),
    Entry(
        "Document frequency",
        "Documents in which the latent fires at least once; it decides the idf.",
        "n_j = |{d : w_j(d) > 0}|",
        ("of documents", "share of documents", "here", "there"),
    ),
    Entry("Token count", "Tokens of the collection on which the latent fires."),
    Entry(
        "Activation density",
        "Share of the collection's tokens on which the latent fires.",
        "token count / tokens",
    ),
    Entry(
        "Rank",
        "The latent's rank by document frequency, the most frequent first.",
        "",
        ("rank by document frequency",),
    ),
    Entry(
        "idf",
        "Inverse document frequency, as in the paper: 0 for a latent in over half of the N documents.",
        "max(0, ln((N − n_j + 0.5) / (n_j + 0.5)))",
        ("idf as in the paper",),
    ),
    Entry(
        "idf, Lucene",
        "Inverse document frequency as Lucene has it: above 0 for every latent.",
        "ln(1 + (N − n_j + 0.5) / (n_j + 0.5))",
        ("Lucene's idf",),
    ),
    Entry(
        "Share of length",
        "The latent's share of all document lengths. A latent with an idf of 0 adds nothing to a "
        "score, but makes documents longer, and so lowers their scores.",
        "Σ_d w_j(d) / Σ_d |d|",
        ("share of document length", "of document length"),
    ),
    Entry(
        "Active in this collection",
        "Latents that fire on at least one token of the collection.",
        "n_j > 0",
        ("active", "latents active in this collection", "of latents active"),
    ),
    Entry(
        "Inactive in this collection",
        "Latents that fire on no token of this collection; they may fire on others.",
        "n_j = 0",
        ("inactive",),
    ),
    Entry(
        "Share of activation",
        "A word's share of the latent's activation in the collection.",
        "a(word) / Σ_words a",
        ("share",),
    ),
    Entry(
        "PMI",
        "Pointwise mutual information of latent and word, in bits: how much more of the activation falls on "
        "the word than of the collection's tokens. The most telling words have the largest share × PMI.",
        "log₂(share of activation / share of tokens)",
    ),
    Entry(
        "Entropy",
        "Entropy of the shares of activation over words, in bits.",
        "H = −Σ p log₂ p",
        ("form entropy", "entropy, bits"),
    ),
    Entry(
        "Effective number",
        "Words, or latents, of equal share that have the same entropy.",
        "2^H",
        ("effective words",),
    ),
    Entry(
        "Pre-activation",
        "What the encoder of the SAE gives before TopK or the threshold cuts it; a near miss is a "
        "token whose pre-activation comes close to what firing needs.",
        "W_enc (h_t − b_dec) + b_enc",
    ),
    Entry(
        "Cosine of directions",
        "Cosine of two latents' decoder directions.",
        "W_dec,i · W_dec,j / (|W_dec,i| |W_dec,j|)",
        ("decoder direction, cosine",),
    ),
    Entry(
        "NPMI",
        "Normalised pointwise mutual information of two latents over documents: 1 if they always occur "
        "together, 0 if independent, −1 if never together.",
        "ln(p_ij / (p_i p_j)) / −ln p_ij",
    ),
    Entry(
        "Share of the word's tokens",
        "Share of the word's tokens on which the latent fires.",
        "",
        ("on of its tokens",),
    ),
    Entry(
        "Explanation",
        "A line that a language model of yours writes from contexts of the latent. It is tested on "
        "contexts of other documents, beside another latent's line as the control.",
        "",
        ("control",),
    ),
    Entry(
        "Balanced accuracy",
        "How well an explanation tells contexts on which the latent fires from those on which "
        "it is silent: 0.5 is chance.",
        "(recall + recall on silent contexts) / 2",
        ("detection",),
    ),
    Entry(
        "Trustworthiness",
        "1 when no latent near another on the map is far from it by direction (Venna and Kaski 2001).",
        "1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_{j ∈ U_i} (r(i, j) − k)",
    ),
    Entry(
        "Neighbours kept",
        "Of a latent's 10 nearest by decoder direction, the share among its nearest on the map.",
        "",
        ("10 nearest kept among 10", "among 50"),
    ),
)

TYPES = (
    Entry(
        "Type",
        "Lexical, narrow semantic or broad topical, by a rule of this workbench over the word forms on which "
        "the latent fires; the paper's own rule is not known.",
    ),
    Entry("Lexical", "A latent that fires mostly on one word form.", "top form share ≥ 0.5"),
    Entry(
        "Narrow semantic",
        "A latent that fires mostly on five word forms close in meaning.",
        "top five forms' share ≥ 0.5 and closeness ≥ 0.3",
    ),
    Entry(
        "Subword",
        "A latent that fires mostly on one wordpiece, inside words that have nothing else in common: par in "
        "pareto, parquet, parser.",
        "top wordpiece share ≥ 0.5, and no form's",
    ),
    Entry(
        "Broad topical",
        "A latent in ten documents or more that is neither lexical, subword nor narrow.",
        "",
        ("broad",),
    ),
    Entry(
        "Too rare to tell",
        "A latent that fires on fewer than 5 tokens, or in fewer than 10 documents without being lexical, subword "
        "or narrow.",
        "token count < 5",
    ),
    Entry(
        "Top form",
        "The word form, lower-cased and stemmed, with the largest share of the latent's activation.",
    ),
    Entry(
        "Top form share",
        "Share of the latent's activation that falls on its top form; from this threshold on, a "
        "latent is lexical.",
        "a(top form) / Σ a",
        ("on this form", "lexical from"),
    ),
    Entry(
        "Top five forms' share",
        "Share of the latent's activation that falls on its five strongest forms together; "
        "from this threshold on, and if they are close in meaning, a latent is narrow.",
        "Σ_{five forms} a / Σ a",
        ("narrow from",),
    ),
    Entry(
        "Closeness",
        "Expected cosine of two of the latent's five strongest forms, drawn by activation, centred so "
        "that two random words have 0.",
        "E[cos(e_a, e_b)]",
        ("and close in meaning from",),
    ),
    Entry(
        "Coherence",
        "Mean cosine of two of the latent's ten strongest documents, minus that of any two documents. "
        "The rule does not use it.",
        "mean cos(p_d, p_d') − mean over the collection",
    ),
    Entry(
        "Top wordpiece share",
        "Share of the latent's activation that falls on its strongest wordpiece.",
        "",
        ("top wordpiece",),
    ),
    Entry(
        "Activation on the text",
        "Share of the latent's activation that falls on words with the text that is looked for.",
        "Σ_{words with it} a / Σ a",
    ),
    Entry(
        "Cohen's kappa",
        "Agreement of the rule with a judge beyond chance: 1 is full agreement, 0 is chance.",
        "κ = (p_o − p_e) / (1 − p_e)",
        ("Cohen's kappa with the rule",),
    ),
    Entry(
        "Agreement with the rule",
        "Share of the latents that the judge gives the rule's type, weighted to the whole vocabulary.",
        "p_o",
    ),
)
