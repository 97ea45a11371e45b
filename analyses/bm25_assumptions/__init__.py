"""Do latents meet the assumptions that BM25 makes of terms?

Document length and b, saturation and k1, and repetition within a document.
"""

__all__ = ["lengths", "repetition", "saturation"]
