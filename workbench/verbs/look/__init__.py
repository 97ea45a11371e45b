"""Verbs that open the app, print papers, and look into collections and jobs."""
