"""One reader per kind of source; each returns a `data.corpus.Collection`."""
