"""Trace contexts: the current one, and those that travel."""
