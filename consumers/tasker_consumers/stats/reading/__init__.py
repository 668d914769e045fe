"""Reads statistics back: from a worker, or from their topics."""
