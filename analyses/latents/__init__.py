"""What does the vocabulary of all latents look like?

One row per latent: frequency, label, type, frequency band, nearest latents and place on a map, with the
controls and human judgements that the types are checked by.
"""

__all__ = [
    "forms",
    "frequency_bands",
    "judgements",
    "latent_table",
    "lexicon",
    "map",
    "map_quality",
    "neighbours",
    "regions",
    "type_controls",
    "type_examples",
    "types",
]
