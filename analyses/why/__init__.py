"""Where does the ranking come from: which of states, dictionary, scoring and matched tokens carries it?"""

__all__ = [
    "aspect",
    "aspects",
    "axioms",
    "k1",
    "known_truth",
    "match",
    "pairs",
    "scoring",
    "token_pairs",
    "wording",
]
