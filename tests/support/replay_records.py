"""Records for the tests of selection, replay and dead letters."""

from collections.abc import Iterable
from typing import Any

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import encode

VALUES: dict[str, Any] = {
    "event_id": "e",
    "event_name": "step.failed",
    "timestamp": 5_000_000,
    "task_id": "42",
    "step_id": "s",
    "step_name": "charge_card",
    "service": "shop",
    "correlation_id": "c-1",
}
CONTEXT = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"


def a_record(**changes: Any) -> StoredRecord:
    """A failed step of task 42 with the headers of our producer."""
    headers = (("ce_type", b"step.failed"), ("ce_source", b"shop"), ("traceparent", CONTEXT))
    values: dict[str, Any] = {
        "topic": "tasker.events.step",
        "partition": 1,
        "offset": 7,
        "timestamp": 1000,
        "key": b"42",
        "value": encode("StepEvent", VALUES),
        "headers": headers,
    }
    return StoredRecord(**(values | changes))


def at_offsets(records: Iterable[StoredRecord]) -> list[tuple[int, int]]:
    """Return partition and offset of records."""
    return [(record.partition, record.offset) for record in records]
