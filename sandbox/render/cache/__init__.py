"""Columns of maps that were drawn, kept for the next picture of the same rows."""
