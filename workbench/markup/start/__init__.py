"""HTML and SVG of the first page: the road of a document, and the worked example."""
