"""What does one latent encode, and which latents does a word or a text have?

The entry of a latent as in a dictionary, its words, documents, queries and near misses, several latents beside
each other, lookup by word or label, and any text of the reader's own.
"""

__all__ = [
    "entry",
    "latent_documents",
    "latent_words",
    "lookup",
    "near_misses",
    "several_latents",
    "your_text",
]
