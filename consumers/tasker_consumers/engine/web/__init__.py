"""A worker's own web server: its health, its numbers, and the questions that an application answers."""
