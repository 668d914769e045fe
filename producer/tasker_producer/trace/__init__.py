"""Trace contexts: the current context, and those that travel."""
