"""Where does a latent fire, and on which words?

From tokens back to the text that a reader sees: whole words, the table of all words of a study, the contexts around
a latent's tokens, and a latent's name.
"""

__all__ = ["contexts", "latent_names", "token_words", "word_table"]
