"""From documents to a study in one go: train, index, complete; what it costs, and the one command that does it."""
