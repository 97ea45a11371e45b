"""A study's impacts in a search engine, and rankings from there that are checked against the study."""
