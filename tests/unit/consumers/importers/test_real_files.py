"""Real files (a scale of 3 takes all): what the fold makes of the imported events is what the files say."""

import functools
import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.importers import ImportedEvent
from tasker_consumers.importers.temporal import history as temporal
from tasker_consumers.importers.wfcommons import workflow as wfcommons
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.avro.codec import Decoder, encode
from tests.support.importers import oracles
from tests.support.scale import part_of

READERS = {"wfinstances": wfcommons.read, "temporal-histories": temporal.read}


@functools.cache
def events_of(folder: str, path: Path) -> list[ImportedEvent]:
    return READERS[folder](path.read_bytes(), path.name)


def decoded(events: Iterable[ImportedEvent]) -> list[dict[str, Any]]:
    """Return events as consumers see them: through the bytes of their records."""
    decoder = Decoder()
    return [decoder.decode(record_of(event), encode(record_of(event), as_record(event))) for event in events]


def record_of(event: ImportedEvent) -> str:
    return "StepEvent" if event.is_step else "TaskEvent"


def as_record(event: ImportedEvent) -> dict[str, Any]:
    payloads = {"context", "step_inputs", "step_results"}
    fields = {key: json.dumps(value) if key in payloads else value for key, value in event.fields.items()}
    own = ("timestamp", "event_id", "task_id", "task_name", "attributes")
    return {"event_name": event.name, **{key: getattr(event, key) for key in own}, **fields}


def seconds(value: Fraction | None) -> Any:
    return None if value is None else pytest.approx(float(value), abs=2e-6)


def check(stats: dict[str, Any], expected: oracles.Expected) -> None:
    assert stats["status"] == expected.status
    assert stats["total_steps"] == expected.steps
    assert stats["attempts"] == expected.attempts
    assert stats["completed_steps"] == expected.completed
    assert stats["failed_steps"] == expected.failed
    assert stats["cancelled_steps"] == expected.cancelled
    assert stats["duration_s"] == seconds(expected.duration_s)
    assert stats["critical_path_s"] == seconds(expected.longest_path_s)


def test_wfcommons_instances_give_the_numbers_that_their_files_say() -> None:
    for path in part_of(oracles.real_files("wfinstances"), 3):
        (stats,) = recompute(decoded(events_of("wfinstances", path))).values()
        check(stats, oracles.of_wfcommons(oracles.content(path)))


def test_temporal_histories_give_the_numbers_that_their_files_say() -> None:
    for path in oracles.real_files("temporal-histories"):
        document = oracles.content(path)
        (history,) = document if isinstance(document, list) else [document]
        (stats,) = recompute(decoded(events_of("temporal-histories", path))).values()
        check(stats, oracles.of_temporal(history["events"]))


@pytest.mark.parametrize("folder", READERS)
def test_events_of_real_files_have_their_own_ids_and_come_in_the_order_of_time(folder: str) -> None:
    for path in part_of(oracles.real_files(folder), 3):
        events = events_of(folder, path)
        times = [event.timestamp for event in events]
        assert times == sorted(times)
        assert len({event.event_id for event in events}) == len(events)


@pytest.mark.parametrize("folder", READERS)
def test_real_files_give_the_same_events_each_time_they_are_read(folder: str) -> None:
    for path in oracles.real_files(folder)[:10]:
        assert READERS[folder](path.read_bytes(), path.name) == events_of(folder, path)
