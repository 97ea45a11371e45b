"""Figures of a paper, in the style for print."""

__all__ = ["paper", "paper_mechanism", "paper_vocabulary"]
