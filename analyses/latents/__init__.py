"""What does the vocabulary of all latents look like?

One row per latent: frequency, label, type, frequency band, nearest latents and place on a map. What the types are
checked by is in `type_evidence`.
"""

__all__ = [
    "forms",
    "frequency_bands",
    "latent_table",
    "lexicon",
    "map",
    "map_quality",
    "neighbours",
    "regions",
    "types",
]
