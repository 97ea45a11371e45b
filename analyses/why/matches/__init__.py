"""Scores taken apart into exact, inflected, soft and special matches of tokens.

Functions of tokens with their latents and words, so that any dictionary can be taken apart.
"""

__all__ = ["grid", "nulls", "parts", "table", "word_tokens"]
