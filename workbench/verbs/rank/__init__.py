"""Verbs that rank, and explain rankings."""
