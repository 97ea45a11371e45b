"""Sparse autoencoders: the model, its training, its files, and the latents that it gives each token."""
