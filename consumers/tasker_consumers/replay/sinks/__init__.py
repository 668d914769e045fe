"""Where replayed records go."""
