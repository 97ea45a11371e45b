"""Figures of latents: the map, types, positions in a document, and explanations."""

__all__ = ["explanations", "map", "positions", "types"]
