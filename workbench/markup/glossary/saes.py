"""The glossary's entries on SAEs, and what other tools call the same things."""

from __future__ import annotations

from workbench.markup.glossary.entry import Entry

SAES = (
    Entry(
        "FVU",
        "Fraction of variance unexplained: 0 if token states are rebuilt exactly, 1 if no better than by their "
        "mean. A lower FVU need not rank better.",
        "Σ|h − ĥ|² / Σ|h − mean h|²",
    ),
    Entry("Cosine of states", "Mean cosine of a token's state and its reconstruction.", "mean cos(h_t, ĥ_t)"),
    Entry(
        "L0",
        "Latents per token: those that fire on it. A Top-K SAE has k of them; the others have k on average.",
        "|{j : z_tj > 0}|",
        ("k", "latents per token"),
    ),
    Entry("Dead latents", "Latents that fire on no token of this text.", "", ("dead",)),
    Entry(
        "Dense latents",
        "Latents in over half of the documents, where idf is 0 under the paper's formula.",
        "n_j > N / 2",
        ("in over half", "in over half of the documents"),
    ),
    Entry(
        "Nearest direction",
        "Cosine of a decoder direction with the one most like it.",
        "max_{i ≠ j} cos(W_dec,i, W_dec,j)",
        ("nearest direction, median", "nearest direction, 95th percentile"),
    ),
    Entry("Near-duplicates", "Share of the latents with another decoder direction at a cosine above 0.9."),
    Entry(
        "Cosine ranking kept",
        "The encoder's 100 highest cosines of a query, ranked again with every token state "
        "replaced by its reconstruction: rank correlation, mean over queries.",
        "",
        ("cosine ranking kept, Spearman", "cosine ranking kept, Kendall", "cosine's first ten kept"),
    ),
    Entry(
        "Random directions",
        "Control: an SAE of as many latents and the same k whose directions are drawn and never "
        "trained. What it also reaches is owed to sparse random projections and BM25, not to training.",
    ),
    Entry(
        "Random encoder",
        "Control: the same SAE on the same architecture with random weights. What it also reaches is "
        "owed to the words themselves, not to what the encoder learned.",
    ),
    Entry(
        "Recurrence",
        "Share of latents whose partner in another SAE, matched one to one, is at least 0.7 alike, by "
        "cosine of decoder directions or by correlation of activation over documents; beside chance.",
        "",
        ("recurs", "pairs", "of latents recur", "similarity", "partner"),
    ),
    Entry(
        "Standard deviation",
        "Spread over SAEs, such as seeds, with n − 1. A few seeds tell it only roughly.",
        "√(Σ(x − mean)² / (n − 1))",
        ("mean and spread",),
    ),
    Entry(
        "Training tokens",
        "Tokens that training reads, repeats counted: distinct tokens × epochs.",
        "",
        ("tokens read in training",),
    ),
    Entry(
        "Auxiliary loss",
        "A loss by which latents that no longer fire learn what the others leave unexplained "
        "(Gao et al. 2024).",
    ),
)

PEERS = (
    Entry(
        "Feature",
        "A latent. Whether it is a feature of anything is the question, so this workbench says latent.",
    ),
    Entry(
        "Frequency",
        "Activation density: token count over tokens. BM25 counts documents instead: document frequency.",
    ),
    Entry(
        "Max activation, top activations, intervals",
        "The strongest activation in this collection, the strongest "
        "contexts, and contexts drawn from each quarter of the latent's tokens by activation.",
    ),
    Entry(
        "Positive and negative logits",
        "Not here: a retriever predicts no next token. The words on which a latent "
        "fires, by share of activation and PMI, are read instead.",
    ),
    Entry(
        "Auto-interp, detection score",
        "The explanation, and its balanced accuracy on contexts of which half fire.",
    ),
    Entry(
        "Explained variance", "One minus the FVU. SAEs are read and written in SAELens's layout.", "1 − FVU"
    ),
    Entry(
        "Dashboard",
        "The latent's page. Its card is one HTML file; `workbench latent STUDY ID --json` prints all of it.",
    ),
)
