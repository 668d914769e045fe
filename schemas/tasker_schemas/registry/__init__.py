"""A schema registry: asking it, and its settings."""
