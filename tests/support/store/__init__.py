"""Databases for the tests of the store."""
