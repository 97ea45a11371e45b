"""How well does each system retrieve, and where do they differ?

Judged queries, means with intervals, rankings side by side, added runs, relevant documents that are missed,
and the tables of a paper.
"""

__all__ = [
    "discrimination",
    "evaluation_table",
    "failures",
    "judged_queries",
    "misses",
    "paper_tables",
    "published_scores",
    "query_rankings",
    "side_by_side",
    "systems",
]
