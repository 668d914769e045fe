"""The windows of statistics: per name and minute or hour, asked of a worker or read from their topic."""

from typing import Any

from tasker_consumers.stats.reading.sources import Stats
from tasker_consumers.stats.reading.topics import newest_windows, open_topic
from tasker_consumers.web.sources.sources import Sources
from tasker_schemas.avro.versions import STATS_WINDOW
from tasker_schemas.errors import UsageError
from tasker_schemas.topics import window_topic


def windows_of(sources: Sources, kind: str, name: str, length_s: int) -> list[Stats]:
    """Return the windows of a name by time; `kind` is `task` or `step`, `length_s` 60 or 3600."""
    return [
        window
        for window in all_windows(sources)
        if (window["kind"], window["name"], window["window_s"]) == (kind, name, length_s)
    ]


def all_windows(sources: Sources) -> list[Stats]:
    """Return all windows that the topic holds, sorted by kind, name, length and time; none without a stats worker.

    Raises BackendUnavailable when Kafka does not answer.
    """
    windows: list[Stats] = sources.answers.get("windows", lambda: _read(sources))
    return windows


def _read(sources: Sources) -> list[dict[str, Any]]:
    settings = sources.settings
    try:
        with open_topic(settings.kafka, window_topic(settings.topic_prefix), record=STATS_WINDOW) as reader:
            return newest_windows(reader.backlog())
    except UsageError:  # no worker ever ran
        return []
