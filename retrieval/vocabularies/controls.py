"""Control vocabularies, which were never trained, on a sample of the documents; and the latents on that sample."""

from __future__ import annotations

from retrieval.vocabularies.vocabulary import Vocabulary

SAMPLE = Vocabulary("sample", "Latents, the controls' sample", "#9CCFEE")
RANDOM_DIRECTIONS = Vocabulary("random_directions", "Random directions", "#009E73")
RANDOM_ENCODER = Vocabulary("random_encoder", "Random encoder", "#A3A9B0")
CONTROLS = (RANDOM_DIRECTIONS, RANDOM_ENCODER)
