"""What rankings read: edited documents and their scores, axioms over pairs of documents, and synthetic states."""

__all__ = [
    "axiom_rules",
    "edited_documents",
    "edited_scores",
    "edits",
    "pools",
    "recovery",
    "synthetic",
    "word_choice",
]
