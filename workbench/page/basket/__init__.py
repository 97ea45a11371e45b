"""The basket: latents that the reader sets aside, on any page, to ablate, tag, compare and export together."""
