"""Instances of WfCommons as events."""

from tasker_consumers.importers.wfcommons.workflow import read

__all__ = ["read"]
