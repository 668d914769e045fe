"""Run events of OpenLineage as events."""

from tasker_consumers.importers.openlineage.events import read

__all__ = ["read"]
