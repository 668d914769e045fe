"""A run of a task for a person's eyes: rebuilt from its records, laid out in time, as text, SVG or a page."""
