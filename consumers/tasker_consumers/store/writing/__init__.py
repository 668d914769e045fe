"""Writes a batch and its positions in a single transaction."""
