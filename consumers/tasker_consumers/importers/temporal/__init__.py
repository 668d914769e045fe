"""Histories of Temporal as events."""

from tasker_consumers.importers.temporal.history import read

__all__ = ["read"]
