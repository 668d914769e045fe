"""Keeps secrets out of records."""
