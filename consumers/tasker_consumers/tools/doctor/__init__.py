"""Checks whether a task that is published now would be counted, exported and found."""
