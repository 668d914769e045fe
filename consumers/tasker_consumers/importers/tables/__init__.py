"""Tables with a step on each line as events."""

from tasker_consumers.importers.tables.csv_table import read as read_csv
from tasker_consumers.importers.tables.nextflow import read as read_nextflow

__all__ = ["read_csv", "read_nextflow"]
