"""Findings on paper: their pictures, and all of them as one HTML file, as Markdown with pictures, as a notebook."""
