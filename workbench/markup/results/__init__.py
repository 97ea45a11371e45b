"""HTML of rankings: judged documents with their places, two rankings beside each other."""
