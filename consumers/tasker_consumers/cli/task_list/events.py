"""The statistics of all tasks, from their events."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import Any

from tasker_consumers.cli.output import complain


def tasks_of_events() -> list[dict[str, Any]]:
    """Return the statistics of all tasks, folded from their events; custom events are not read."""
    from tasker_consumers.cli.runs.all_events import events_of_all

    # Of a task that began before --since all events are needed, or its statistics would be those of a part.
    run = events_of_all([], 0)
    if run.unreadable:
        complain(f"{len(run.unreadable)} records cannot be read")
    return run.tasks()
