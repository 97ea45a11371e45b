"""From counts to rankings: BM25 postings, search, runs, evaluation, and the study that combines them."""
