"""What is each latent called on screen?

Its label told apart from its siblings' by its further words and the words around its tokens, or its wordpiece.
"""

__all__ = ["shown_labels"]
