"""Event logs in XES as events."""

from tasker_consumers.importers.xes.cases import read

__all__ = ["read"]
