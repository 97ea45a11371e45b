"""Figures of rankings: score breakdowns, systems side by side, failures, ablation and importance."""

__all__ = [
    "cosine_breakdown",
    "difference",
    "evaluation",
    "failures",
    "faithfulness",
    "importance",
    "limit",
    "pruning",
    "score_breakdown",
    "systems",
]
