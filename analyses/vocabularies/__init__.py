"""Which terms do the texts of a study have under each vocabulary?

Latents, words, wordpieces, learned-sparse terms and controls, each as counts of terms in texts.
"""

__all__ = ["control_counts", "term_counts", "vocabularies"]
