"""Checks that a person runs."""
