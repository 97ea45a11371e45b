"""How sure is a number, and do two differ?

Intervals of shares and means, paired tests with their correction, the agreement of two rankings, medians in
doubling bins, the best one-to-one assignment, and Shapley values. Functions of arrays and of `Run`s; nothing
here knows a study.
"""

__all__ = [
    "assignment",
    "intervals",
    "log_bins",
    "ranking_agreement",
    "shapley",
    "sign_flips",
    "significance",
]
