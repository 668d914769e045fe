"""Requests on their way, and how the exporter reacts to a backend's answers."""
