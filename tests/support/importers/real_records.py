"""Real files of other engines as the records that a producer sends for them."""

from pathlib import Path

from tasker_consumers.importers import HistoryFormat
from tasker_consumers.importers.github import actions as github_actions
from tasker_consumers.importers.publish import publish
from tasker_consumers.importers.temporal import history as temporal
from tasker_consumers.importers.wfcommons import workflow as wfcommons
from tasker_producer.testing import RecordingPublisher
from tests.support.importers.github_oracle import recordings
from tests.support.importers.oracles import real_files
from tests.support.telemetry.histories import Told

FOLDERS = {"wfinstances": wfcommons.read, "temporal-histories": temporal.read, "github-actions": github_actions.read}

#: The folder and the names of the real files of each format, for imports by format.
FILES = {
    HistoryFormat.TEMPORAL: ("temporal-histories", "*.json*"),
    HistoryFormat.WFCOMMONS: ("wfinstances", "*.json*"),
    HistoryFormat.GITHUB_ACTIONS: ("github-actions", "*.rec"),
    HistoryFormat.JAEGER: ("jaeger-traces/ui", "*.json"),
    HistoryFormat.OPENLINEAGE: ("openlineage-dbt", "*.json"),
}


def paths_of(folder: str) -> list[Path]:
    """Return the real files of a folder; skip the test where they are not."""
    return recordings() if folder == "github-actions" else real_files(folder)


def records_of(folder: str, path: Path) -> list[Told]:
    """Return the records of one file."""
    publisher = RecordingPublisher()
    publish(FOLDERS[folder](path.read_bytes(), path.name), publisher)
    return [Told(event.topic, event.key.encode(), event.value, tuple(event.headers)) for event in publisher.events]
