"""Figures of why: the ladder, the parts of the scoring, matched tokens, and tests of what systems read."""

__all__ = ["axioms", "dots", "k1", "known_truth", "ladder", "match", "pairs", "scoring", "token_pairs"]
