"""Sparse autoencoders (SAEs): the model, its training, its files, and the latents of each token."""
