"""What is an SAE worth before its latents are read?

The quality card with its two controls, training curves, a sweep over layers, and how far the latents of two
SAEs correspond, on the whole and for one word.
"""

__all__ = ["card", "card_record", "layers", "matching", "sae_comparison", "training_log", "two_dictionaries"]
