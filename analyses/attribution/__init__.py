"""Why does one document have its score?

Exact contributions of latents, words and the cosine's parts, credit of single tokens and how far it can be
trusted, and what decides between two documents.
"""

__all__ = [
    "compare_documents",
    "cosine_breakdown",
    "faithfulness",
    "limit",
    "rescoring",
    "score_breakdown",
    "token_credit",
    "word_breakdown",
    "worked_example",
]
