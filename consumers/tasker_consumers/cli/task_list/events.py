"""The statistics of all tasks, from their events."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import complain

if TYPE_CHECKING:
    from tasker_consumers.settings import ConsumerSettings


def tasks_of_events(settings: "ConsumerSettings") -> list[dict[str, Any]]:
    """Return the statistics of all tasks, folded from their events; custom events are not read."""
    from tasker_consumers.cli.records.progress import reading_progress
    from tasker_consumers.replay.reading.select_records import SelectedRecords
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.trace_view.rebuild import rebuild
    from tasker_schemas.names import Family
    from tasker_schemas.registry.lookup import open_lookup

    families = frozenset(Family) - {Family.CUSTOM}
    with reading_progress() as progress:
        # Of a task that began before --since all events are needed, or its statistics would be those of a part.
        records = SelectedRecords(
            settings.kafka, Selection(families=families), settings.topic_prefix, progress=progress
        )
        run = rebuild(records, open_lookup(settings.registry))
    if run.unreadable:
        complain(f"{len(run.unreadable)} records cannot be read")
    return run.tasks()
