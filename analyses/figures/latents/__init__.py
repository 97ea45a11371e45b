"""Figures of latents: the map, types, positions in a document, explanations, and which are together."""

__all__ = ["explanations", "map", "positions", "together", "types"]
