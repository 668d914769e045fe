"""Batches for the tests of the store, made of events as the decoder returns them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tasker_consumers.engine.flow import dead_letters
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.event_rows import Origin, add_event
from tasker_consumers.store.core.other_rows import letter_row, stats_row
from tasker_consumers.units import DAY_US
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.identity import event_id_of
from tasker_schemas.names import Family

#: Noon of the present day, in microseconds.
NOW = time.time_ns() // 1000 // DAY_US * DAY_US + DAY_US // 2
#: The identity of each topic.
IDS = {"t.events.step": "id of step", "t.events.task": "id of task", "t.events.custom": "id of custom"}
Add = Callable[[Batch], None]
_decoder = Decoder()


def event(family: Family, name: str, task_id: str | None, at: int = NOW, **fields: Any) -> dict[str, Any]:
    """Return an event with all fields of its record; its id follows from the rest."""
    record = RECORD_OF_FAMILY[family]
    subject = f"{name} {task_id} {fields.get('step_id')} {fields.get('attempt_number')} {at}"
    known = {"event_id": event_id_of(subject, at), "event_name": name, "timestamp": at, "task_id": task_id, **fields}
    return _decoder.decode(record, encode(record, known))


def adding(family: Family, found: dict[str, Any], offset: int = 0) -> Add:
    """Return the addition of an event to a batch."""

    def add(batch: Batch) -> None:
        key = (found["task_id"] or found["event_name"]).encode()
        add_event(batch, found, Origin(family, (), key, (f"t.events.{family}", 0, offset)))

    return add


def batch_of(*additions: Add) -> Batch:
    """Return a batch of additions, without positions."""
    batch = Batch()
    for add in additions:
        add(batch)
    return batch


def failed_step(
    task_id: str,
    error_class: str = "shop.Declined",
    step: str = "charge",
    at: int = NOW,
    event_id: str | None = None,
    offset: int = 0,
) -> Add:
    """Return the addition of a failed attempt."""
    found = event(
        Family.STEP, "step.failed", task_id, at, step_id=step, step_name=step, attempt_number=1, retry_limit=3,
        task_name="order", error_class=error_class, error_message="card \0 declined",
        backtrace=["/srv/shop/payment.py:45 in charge"], service="shop",
    )  # fmt: skip
    return adding(Family.STEP, found if event_id is None else {**found, "event_id": event_id}, offset)


def tasks_failed(count: int, error_class: str, *, step: str = "charge", start: int = 0) -> Batch:
    """Return a batch of a failed attempt in each of several tasks."""
    return batch_of(*(failed_step(f"t{start + number}", error_class, step) for number in range(count)))


def run_of(task_id: str, at: int = NOW) -> Batch:
    """Return a whole run: a step that succeeds, another that is retried once, a custom event, payloads."""
    names = {"task_name": "order", "correlation_id": "request-9"}

    def step(name: str, step_id: str, attempt: int, after: int, **fields: Any) -> Add:
        known = {"step_id": step_id, "step_name": step_id, "attempt_number": attempt, **names, **fields}
        return adding(Family.STEP, event(Family.STEP, name, task_id, at + after, **known))

    return batch_of(
        adding(Family.TASK, event(Family.TASK, "task.start_requested", task_id, at, context='{"cart":1}', **names)),
        step("step.handle", "fetch", 1, 1, started_at=at + 1),
        step("step.completed", "fetch", 1, 2, started_at=at + 1, completed_at=at + 2, step_results='{"ok":true}'),
        step("step.execution_requested", "charge", 1, 3, step_inputs='{"amount":7}'),
        step("step.handle", "charge", 1, 4, started_at=at + 4),
        failed_step(task_id, at=at + 5),
        step("step.handle", "charge", 2, 6, started_at=at + 6),
        step("step.completed", "charge", 2, 7, completed_at=at + 7),
        adding(Family.CUSTOM, event(Family.CUSTOM, "order.paid", task_id, at + 8, attributes={"amount": 7})),
    )


def stats(task_id: str, revision: int, *, last: int = NOW, **fields: Any) -> Add:
    """Return the addition of a task's statistics; `fields` are other fields of its record."""
    known = {
        "task_id": task_id, "task_name": "order", "status": "complete", "trace_id": f"trace of {task_id}",
        "last_event_at": last, "revision": revision, "critical_path": ["a", "b"], **fields,
    }  # fmt: skip
    row = stats_row(_decoder.decode("TaskStats", encode("TaskStats", known)))
    return lambda batch: batch.add_stats(task_id, row)


def letter(offset: int, message: bytes = b"malformed: no record") -> Add:
    """Return the addition of a dead letter of the statistics' group."""
    position = ("t.dlq.stats", 0, offset)
    headers = [
        (dead_letters.MESSAGE, message), (dead_letters.TOPIC, b"t.events.step"), (dead_letters.PARTITION, b"0"),
        (dead_letters.OFFSET, b"7"), (dead_letters.ATTEMPTS, b"1"),
    ]  # fmt: skip
    row = letter_row(position, NOW // 1000 + offset, f"order-{offset}".encode(), b"value", headers)
    return lambda batch: batch.dead_letters.__setitem__(position, row)
