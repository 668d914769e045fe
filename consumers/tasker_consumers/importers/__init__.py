"""Histories of other workflow engines, brought in as events with their original times."""

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.run import Fault, HistoryFormat, ImportedFile, ImportReport, import_files

__all__ = ["BrokenFile", "Fault", "HistoryFormat", "ImportReport", "ImportedEvent", "ImportedFile", "import_files"]
