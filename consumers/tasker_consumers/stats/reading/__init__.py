"""Reads statistics back: from a worker over HTTP, or from their topics."""
