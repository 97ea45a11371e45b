"""Where does a latent fire, and on which words?

From tokens back to the text that a reader sees: whole words, the table of all words of a study, and the
contexts around a latent's tokens.
"""

__all__ = ["contexts", "token_words", "word_table"]
