"""Verbs that read the vocabulary which the latents form."""
