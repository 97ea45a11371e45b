"""One reader a kind of source; each gives a `data.corpus.Collection`."""
