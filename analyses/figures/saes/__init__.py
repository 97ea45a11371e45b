"""Figures of SAEs: the quality card, layers, training and comparisons."""

__all__ = ["card", "layers", "sae_comparison", "training"]
