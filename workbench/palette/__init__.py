"""Everything that a reader may look for by typing: latents, words, documents, queries, pages, studies."""
