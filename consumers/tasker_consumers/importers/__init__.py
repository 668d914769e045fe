"""Histories of other workflow engines, brought in as events with their original times."""

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.formats import HistoryFormat
from tasker_consumers.importers.report import Fault, ImportedFile, ImportReport
from tasker_consumers.importers.run import Import, import_files

__all__ = [
    "BrokenFile",
    "Fault",
    "HistoryFormat",
    "Import",
    "ImportReport",
    "ImportedEvent",
    "ImportedFile",
    "import_files",
]
