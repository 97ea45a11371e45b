"""Method: where latent terms come from, whose claims are whose, and what nobody knows yet."""

from __future__ import annotations

import streamlit as st

from workbench import frame

PAPER = (
    "Clavié, Lee, Shakir and Kato, *Latent Terms: Dense Retrievers Contain Trivially Extractable BM25-ready "
    "Zipfian Vocabularies*, arXiv 2605.29384, May 2026."
)


def page() -> None:
    frame.heading("Method", "How does a dense retriever come to have a vocabulary?")
    text, _ = st.columns([2.1, 1])
    with text:
        st.markdown(
            "A dense retriever turns a text into vectors, and compares vectors. The paper behind this workbench "
            "claims that its token states also hold something older: a sparse vocabulary, whose terms can be "
            "counted, indexed and scored with plain BM25. Nobody tells the vocabulary what to hold. A sparse "
            "autoencoder (SAE) finds it by learning to rebuild the states, with no retrieval loss at all."
        )
        st.subheader("1. From a token to a few latents", anchor=False)
        st.markdown(
            "The frozen encoder gives each token $t$ a state $h_t$. The SAE describes that state by at most $k$ "
            "of its many **latents**, each with an activation $z_{tj}$, and is trained so that the few decoder "
            "directions they stand for add up to the state again."
        )
        st.latex(r"\mathrm{pre}_t = W_\mathrm{enc}\,(h_t - b_\mathrm{dec}) + b_\mathrm{enc}")
        st.latex(r"z_t = \mathrm{TopK}\big(\mathrm{ReLU}(\mathrm{pre}_t),\, k\big)")
        st.latex(r"\hat h_t = W_\mathrm{dec}^{\top} z_t + b_\mathrm{dec}")
        st.markdown(
            "This is the paper's Top-K SAE. Other architectures let a threshold decide instead of $k$: JumpReLU "
            "learns one a latent, BatchTopK and Matryoshka one for all, and the standard SAE has 0 and a "
            "penalty. The workbench trains them too, and reads those that others made."
        )
        st.latex(
            r"z_{tj} = \mathrm{ReLU}(\mathrm{pre}_{tj})\ \text{where}\ \mathrm{pre}_{tj} > \theta_j,"
            r"\ \text{else}\ 0"
        )
        st.subheader("2. From tokens to a bag of latents", anchor=False)
        st.markdown(
            "A text $x$, document or query, becomes a bag: how much each latent fired in it, summed over tokens, "
            "with a square root so that repetition counts, but less and less. This is what a term frequency is "
            "to BM25."
        )
        st.latex(r"w_j(x) = \sqrt{\textstyle\sum_{t \in x} z_{tj}} \qquad |d| = \textstyle\sum_j w_j(d)")
        st.subheader("3. From bags to a ranking", anchor=False)
        st.markdown(
            "Then BM25, as for words: a latent in few of the $N$ documents counts for more (idf, from its document "
            "frequency $n_j$); a latent that fires more in a document adds to the score, but saturates; "
            "and a long document must say more to reach the same."
        )
        st.latex(r"\mathrm{idf}_j = \max\Big(0,\ \ln\frac{N - n_j + 0.5}{n_j + 0.5}\Big)")
        st.latex(
            r"\mathrm{score}(q,d) = \sum_j w_j(q)\;\mathrm{idf}_j\;"
            r"\frac{w_j(d)\,(k_1+1)}{w_j(d) + k_1\big(1 - b + b\,|d|/\overline{|d|}\big)}"
            r"\qquad k_1 = 8,\ b = 0.7"
        )
        st.subheader("4. From a ranking back to words", anchor=False)
        st.markdown(
            "The score is a plain sum over latents, so each latent's contribution is exact: that is the ledger "
            "on the Search page. Sharing a contribution over the tokens behind it is a convention of this "
            "workbench: in proportion to their activations. It says where a latent's weight came from; it does "
            "not say what the score would be without that token."
        )
        st.latex(r"\mathrm{credit}_{tj} = c_j \cdot \frac{z_{tj}}{\sum_{t'} z_{t'j}}")
        st.subheader("Whose is what", anchor=False)
        st.markdown(
            f"""
**The paper's** ({PAPER}) The equations of steps 1 to 3 with their constants; the claim that such latents have
roughly Zipfian statistics and that BM25 over them can beat the retriever's own cosine; the finding that the same
on a BERT never trained for retrieval fails.

**Ours.** The switch to Lucene's idf, $\\ln\\big(1 + \\frac{{N - n_j + 0.5}}{{n_j + 0.5}}\\big)$, which is
never nought; the ledger's split over tokens; the labels, which are only the words on which a latent fires
most, read off by a machine; the sizes chosen so that two processor cores are enough; the two controls of the SAEs
page, and the rule by which a latent is said to recur.

**Unknown.** Why this structure is there at all. Which latents carry a ranking: those present in most documents
have an idf near nought, yet rankings suffer where they are removed. And, of the paper itself, its weight decay,
gradient clipping and auxiliary losses, and how it sorted latents into kinds and fitted its Zipf exponent: what
this workbench does there is its own choice, and must not be taken for the paper's.
"""
        )
