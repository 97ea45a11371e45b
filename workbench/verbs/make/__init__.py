"""Verbs that make SAEs, studies and encoders."""
