"""The ladder: states x dictionary, the same BM25. Which of the two carries the ranking?"""

__all__ = ["dictionaries", "ladder", "making", "names", "opening", "states", "stores"]
