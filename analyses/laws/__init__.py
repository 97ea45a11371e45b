"""Is it a language?

Zipf's and Heaps' laws, polysemy by frequency, and the frequencies of two collections, each fitted with
intervals, tests and controls beside the words of the same texts.
"""

__all__ = ["compare_collections", "growth", "law_sentences", "laws", "polysemy", "study_growth", "verdicts"]
