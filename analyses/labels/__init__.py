"""What do people and models say of a latent?

Labels, tags and notes with an undo log, their exchange as JSON, one-line explanations by a language model, each
scored on held-out contexts, and findings: views that a reader pinned. All are kept in a study's notes.sqlite.
"""

__all__ = [
    "explanation_model",
    "explanations",
    "findings",
    "findings_json",
    "latent_notes",
    "note_text",
    "notes_file",
    "notes_json",
]
