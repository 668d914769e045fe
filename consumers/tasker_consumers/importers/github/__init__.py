"""Runs of GitHub Actions as events."""
