"""Runs of GitHub Actions as events."""

from tasker_consumers.importers.github.actions import read

__all__ = ["read"]
