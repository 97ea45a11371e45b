"""How to read: what each number in the app means, and what it does not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench import frame

ENTRIES: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    (
        "A latent",
        (
            (
                "Label",
                "The words on which it fires most, weighted by activation. Read off by a machine; a "
                "name to recognise it by, not a meaning. The contexts are the evidence.",
            ),
            (
                "Your label, tags, note",
                "Your own words on it, kept in the study. Your label takes the automatic one's place wherever the "
                "latent is named; the automatic one stays on its page.",
            ),
            (
                "Explanation",
                "A line that a language model of yours wrote from contexts. Precision and recall say how well it "
                "tells, on contexts of other documents, where the latent fires: half of them do. Beside them "
                "stands the same test with another latent's line.",
            ),
            (
                "Activation",
                "How strongly it fires on one token, in the units of the encoder's hidden states. "
                "Compare activations of one latent with each other, not across latents.",
            ),
            (
                "Document frequency",
                "Documents in which it fires at least once. Decides its idf.",
            ),
            (
                "Tokens",
                "Tokens on which it fires, of all the collection's tokens.",
            ),
            (
                "Share of length",
                "Its part in the sum of all document lengths |d|. A latent present everywhere has no "
                "idf and adds nothing to a score, but it still makes documents longer, and so lowers "
                "their scores.",
            ),
            (
                "Never fires",
                "No token of this collection activates it. It may still fire on other texts.",
            ),
        ),
    ),
    (
        "A score",
        (
            (
                "Query weight",
                "Square root of its summed activation over the query's tokens.",
            ),
            (
                "idf",
                "How rare it is. As in the paper: nought for a latent in more than half of the "
                "documents. Lucene's: never nought.",
            ),
            (
                "Saturation",
                "How much of the latent the document has, after its length is taken into account: "
                "from 0 towards k1 + 1 = 9.",
            ),
            (
                "Contribution",
                "Query weight × idf × saturation. Contributions add up to the score; what rounding "
                "leaves is below 1e-5 of it.",
            ),
            (
                "Credit, proportional",
                "A contribution shared over tokens in proportion to activation. A convention: the "
                "document's words and the query's words each share the whole of it once.",
            ),
            (
                "Credit, leave one out",
                "What the score loses without one token's activations, the document's length counted "
                "anew. Exact. Below nought where the token only lengthens the document.",
            ),
            (
                "Credit, occlusion",
                "What the score loses when a word is masked and the text encoded again, less what a "
                "mask that hides nothing loses. A mask disturbs every other token's state, so this "
                "credit is often of the same size as its own noise.",
            ),
            (
                "Deletion, insertion",
                "The score as words go, or come, highest credit first; their area is the mean height. "
                "A credit that means something falls faster, or rises faster, than random orders do.",
            ),
            (
                "Smallest set",
                "The fewest latents of the query without which two documents change places, found by "
                "adding up and checked by searching again. Exact for a pair; out of the first ten it is "
                "exact where the page says so, else between two bounds.",
            ),
            (
                "Parts of the cosine",
                "Mean pooling makes the cosine a sum over the document's latents, the SAE's bias and what "
                "the SAE does not reconstruct. Drowned is a latent with a larger share of BM25's score "
                "than of that sum.",
            ),
            (
                "Score",
                "A sum over latents. It orders documents for one query; scores of different queries "
                "are not comparable.",
            ),
        ),
    ),
    (
        "A system",
        (
            (
                "nDCG@10",
                "Quality of the first ten results, 0 to 1, where higher places count for more and the "
                "ideal order is 1.",
            ),
            (
                "MRR@10",
                "One over the place of the first relevant result, 0 if it is beyond the tenth; the "
                "mean over queries.",
            ),
            (
                "R@10, R@100, R@1000",
                "Part of the relevant documents that is among the first 10, 100, 1,000.",
            ),
            (
                "95% interval",
                "Where the mean would lie for other queries of the same kind: 1,000 times, as many "
                "queries are drawn again with replacement. It says nothing of other collections or "
                "other seeds.",
            ),
            (
                "Won and lost",
                "Queries on which a system's nDCG@10 is above, or below, that of cosine. Two systems "
                "whose intervals overlap can still differ clearly here, since the queries are the "
                "same.",
            ),
            (
                "overlap@10, RBO",
                "How alike two rankings of one query are: the part of the first ten that both have; and "
                "rank-biased overlap over a hundred, in which the first ten places have 86% of the weight. "
                "1 is the same ranking.",
            ),
        ),
    ),
    (
        "A miss",
        (
            (
                "Loses by length",
                "With |d| = avg|d|, and nothing else changed, the document would be among the first k. Beside it "
                "stands how often that holds of documents that are not relevant.",
            ),
            (
                "Outscored",
                "None of the other reasons. The latents named are those on which the first documents lead most, "
                "on average. They say where the score is lost, not what would have been right.",
            ),
            (
                "Power",
                "On LIMIT: a latent's mean contribution to the relevant documents less that to all others. The "
                "control is the strongest latent for as many documents drawn at random.",
            ),
        ),
    ),
    (
        "An SAE",
        (
            (
                "FVU",
                "Fraction of variance unexplained: 0 if the token states are rebuilt exactly, 1 if no better "
                "than by their mean. A lower FVU need not rank better.",
            ),
            (
                "L0",
                "Latents that fire on a token. A Top-K SAE has k of them; the others have k on average.",
            ),
            (
                "Dead, dense",
                "Latents that fire on no token of this text; latents in over half of its documents, whose idf "
                "is nought under the paper's clip.",
            ),
            (
                "Cosine ranking kept",
                "The encoder's 100 highest cosines of a query, ranked again with every token state replaced by "
                "its reconstruction: rank correlation, mean over queries.",
            ),
            (
                "Random directions",
                "Control: an SAE of as many latents and the same k whose directions were drawn and never trained. "
                "What it also reaches is owed to sparse random projections and BM25, not to training.",
            ),
            (
                "Random encoder",
                "Control: the same SAE on the same architecture with random weights. What it also reaches is "
                "owed to the words themselves, not to what the encoder learned.",
            ),
            (
                "Recurs",
                "A latent whose partner in another SAE, one to one over all latents, is at least 0.7 alike: by "
                "cosine of decoder directions, or by correlation of activation over documents. Beside it "
                "stands the share that chance gives.",
            ),
            (
                "Mean and spread",
                "Over SAEs, such as seeds: standard deviation with n - 1. A few seeds tell a spread only roughly.",
            ),
        ),
    ),
    (
        "A curve",
        (
            (
                "Rank and frequency",
                "Terms from the most to the least frequent. A straight line on both log scales is "
                "Zipf's law. Words and wordpieces of the same collection stand beside the latents as "
                "the control: a bend that they show too is the collection's, not the SAE's.",
            ),
            (
                "A law and its p",
                "A power law of exponent α above a threshold; Zipf's rank form falls with 1 / (α − 1). p is the "
                "share of samples of the fitted law that lie as far from their own fit as the data do: below 0.1 "
                "the law is ruled out; above, it may hold, and so may others. The distance says by how much of the "
                "terms it is off: with thousands of terms a little will do. The words of the texts stand beside.",
            ),
            (
                "Growth, β",
                "Distinct terms met against tokens read. Heaps' law is a straight line of slope β on both log "
                "scales. The exponent at the end is exact, the share of terms in one document alone: near nought, "
                "the vocabulary is closed. A dictionary of a fixed size has to close; a language does not.",
            ),
            (
                "Pruned beside others",
                "What nDCG@10 loses without the head, or the tail. As many postings of other latents, drawn at "
                "random, go for comparison: a loss that is no larger than theirs is no part of the head's own.",
            ),
            (
                "Adaptation",
                "Of the documents that hold a term, how many hold it again. Far above blind chance, terms come in "
                "bursts, and a second occurrence says less than the first: what saturation is for.",
            ),
            (
                "Evidence of relevance",
                "How much more often relevant documents hold a query's term with such a weight than documents "
                "that hold the term do at all. The k1 whose curve is nearest need not be the one that ranks best.",
            ),
            (
                "Meanings, δ",
                "Forms that a latent falls on, or latents that a word wakes, grow as frequency to the power δ. "
                "Tokens drawn at random gather company too: what counts is to be flatter than they are.",
            ),
            (
                "Shift, q",
                "A latent's G-test on documents with it and without it in two collections, adjusted so that of the "
                "latents up to q a part q is found by chance, at most, on average. It says that a share differs, "
                "not that it matters: the log2 ratio says how much.",
            ),
        ),
    ),
    (
        "If you come from SAELens or Neuronpedia",
        (
            (
                "Feature",
                "A latent. Whether it is a feature of anything is the question, so the word is not used here.",
            ),
            (
                "Activation density, frequency",
                "Tokens on which it fires, of all tokens: `activation_density` = `token_count` / `n_tokens`. BM25 "
                "counts documents instead: document frequency.",
            ),
            (
                "Max activation, top activations, intervals",
                "Its strongest activation on this collection, its strongest contexts, and draws from each "
                "quarter of its tokens by activation.",
            ),
            (
                "Positive and negative logits",
                "Not here: a retriever predicts no next token. What logits are read for is read here from the "
                "other side, from the words on which it fires, by share of activation and PMI.",
            ),
            (
                "Auto-interp, detection score",
                "The explanation, and its balanced accuracy on contexts of which half fire.",
            ),
            (
                "Explained variance, L0",
                "1 - FVU; latents that fire on a token. SAEs are read and written in SAELens's layout.",
            ),
            (
                "Dashboard",
                "The latent's page. Its card is one HTML file; `workbench latent STUDY ID --json` says all of it.",
            ),
        ),
    ),
)


def page() -> None:
    frame.heading("How to read", "What does each number mean, and what does it not?")
    columns = st.columns(2, gap="large")
    for column, parts in zip(columns, ((0, 1), (3,)), strict=True):
        with column:
            for part in parts:
                _entries(*ENTRIES[part])
    columns = st.columns(2, gap="large")
    for column, parts in zip(columns, ((2, 4), (5,)), strict=True):
        with column:
            for part in parts:
                _entries(*ENTRIES[part])


def _entries(title: str, entries: Sequence[tuple[str, str]]) -> None:
    st.subheader(title, anchor=False)
    for name, meaning in entries:
        st.markdown(f"**{name}**  \n{meaning}")
