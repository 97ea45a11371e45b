"""HTML and SVG around the pages: the places of the sidebar and the tabs, and the first page."""
