"""What changes when latents are removed, weighted, pruned or steered?

Rankings of one query and of all judged queries, beside control latents that contribute as much.
"""

__all__ = [
    "ablation",
    "chance",
    "edited_index",
    "effect",
    "family_ablation",
    "importance",
    "latent_losses",
    "pruning_effect",
    "steering",
    "zero_idf",
    "zero_idf_effects",
]
