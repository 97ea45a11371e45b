"""BM25 with some of its factors switched off, and cosines over the same counts.

Functions of an index, the counts of queries and their judgements, so that any vocabulary can be taken apart.
"""

__all__ = ["cosines", "game"]
