"""Verbs that explain one text, or one ranking."""
