"""What do people and models say of a latent?

Names of latents, with their numbers; labels, tags and notes with an undo log, their exchange as JSON, and
one-line explanations by a language model, each scored on held-out contexts. All but names are kept in a study's
notes.sqlite.
"""

__all__ = [
    "explanation_model",
    "explanations",
    "latent_names",
    "latent_notes",
    "note_text",
    "notes_file",
    "notes_json",
]
