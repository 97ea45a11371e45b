"""A study's latent terms in other tools: files that search engines, DataFrames and papers' baselines read."""
