"""Figures of the language of latents: rank and frequency, growth, polysemy, lengths and saturation."""

__all__ = ["compare_collections", "growth", "laws", "lengths", "polysemy", "rank_frequency", "saturation"]
