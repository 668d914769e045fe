"""The events of all tasks: from Kafka, or from files."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.records.progress import reading_progress

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run


def events_of_all(files: Sequence[Path], since: int) -> "Run":
    """Return the events of all tasks; from Kafka those that arrived from a moment on (milliseconds), 0 for all.

    Custom events are not read: they belong to no step. Raises ConfigurationError without a Kafka.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_consumers.replay.container import read_container
    from tasker_consumers.replay.reading.select_records import SelectedRecords
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.trace_view.rebuild import rebuild
    from tasker_schemas.names import Family
    from tasker_schemas.registry.lookup import open_lookup

    if files:
        lookup = open_lookup(read_settings().registry)
        return rebuild((record for file in files for record in read_container(file)), lookup)
    settings = read_settings_with_kafka()
    # An event never arrives before it happens, so runs that began since then are whole.
    selection = Selection(families=frozenset(Family) - {Family.CUSTOM}, since=since or None)
    with reading_progress() as progress:
        records = SelectedRecords(settings.kafka, selection, settings.topic_prefix, progress=progress)
        return rebuild(records, open_lookup(settings.registry))
