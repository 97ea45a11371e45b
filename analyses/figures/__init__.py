"""Plotly figures: one function a table; a DataFrame goes in, a Figure comes out."""
