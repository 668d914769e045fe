"""The events that the benchmarks work on: real records with real headers, many tasks at once, a little in disorder.

Everything follows from the seed, so every engine gets the same records and the expected result can be computed offline.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.headers import Header, SpanRef, TraceHeaders, cloud_event_headers, trace_headers
from tasker_schemas.identity import event_id_of, step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import Family, State, StepEvents, TaskEvents, event_type_of, family_of

STEPS = ("fetch_cart", "validate_products", "charge_card", "ship")
MORE_STEPS = (*STEPS, "send_receipt")
WINDOW = 400  # tasks that are open at one time
OUT_OF_ORDER, TWICE, FAILING = 0.10, 0.01, 0.10
EPOCH = 1_750_000_000_000_000
SERVICE = "shop"

Event = dict[str, object]

_ID = b"order-"  # how every task id begins, and nothing else does


class SourceRecord(NamedTuple):
    """An event as it goes to its topic."""

    family: Family
    key: bytes
    value: bytes
    headers: list[Header]
    event: Event


class TaskHistory:
    """The events of one task in the order in which they happened."""

    def __init__(self, index: int, rng: random.Random, steps: Sequence[str] = STEPS) -> None:
        self._task_id = f"order-{index:08d}"
        self._rng = rng
        self._steps = steps
        self._clock = EPOCH + index * 2_500
        self._root = SpanRef(trace_id_of(self._task_id), task_span_id(self._task_id))
        self._created = self._clock

    def records(self) -> list[SourceRecord]:
        """Return all records of the task, the last of which tells its end."""
        count = len(self._steps)
        found = [
            self._task(
                TaskEvents.INITIALIZE_REQUESTED, context='{"cart": 17, "customer": "c-4711"}', total_steps=count
            ),
            self._task(TaskEvents.START_REQUESTED, started_at=self._clock),
        ]
        started_at = self._clock
        for index in range(count):
            found += self._step(index)
        found.append(
            self._task(
                TaskEvents.COMPLETED,
                started_at=started_at,
                completed_at=self._clock,
                execution_duration=(self._clock - started_at) / 1e6,
                to_state=State.COMPLETE,
                total_steps=count,
                completed_steps=count,
                failed_steps=0,
                pending_steps=0,
            )
        )
        return found

    def _step(self, index: int) -> list[SourceRecord]:
        attempt, found = 1, []
        if self._rng.random() < FAILING:
            started_at = self._clock
            found.append(self._attempt(StepEvents.HANDLE, index, 1, started_at=started_at))
            found.append(self._ended(StepEvents.FAILED, index, 1, started_at))
            attempt = 2
            found.append(self._attempt(StepEvents.RETRY_REQUESTED, index, 2, previous_attempts=1, backoff_seconds=0.5))
        started_at = self._clock
        found.append(self._attempt(StepEvents.HANDLE, index, attempt, started_at=started_at))
        found.append(self._ended(StepEvents.COMPLETED, index, attempt, started_at))
        return found

    def _ended(self, name: StepEvents, index: int, attempt: int, started_at: int) -> SourceRecord:
        more: Event = {"step_results": '{"ok": true}'}
        if name is StepEvents.FAILED:
            more = {
                "error_class": "payment.GatewayTimeout",
                "error_message": "the gateway did not answer in 5 s",
                "backtrace": ["app/payment.py:45 in charge", "app/gateway.py:112 in call"],
            }
        duration = self._rng.randrange(2_000, 400_000)
        self._clock += duration
        return self._attempt(
            name,
            index,
            attempt,
            started_at=started_at,
            completed_at=started_at + duration,
            execution_duration=duration / 1e6,
            **more,
        )

    def _task(self, name: TaskEvents, **fields: object) -> SourceRecord:
        return self._record(name, TraceHeaders(self._root), fields)

    def _attempt(self, name: StepEvents, index: int, attempt: int, **fields: object) -> SourceRecord:
        step_id = f"s{index + 1}"
        span = SpanRef(self._root.trace_id, step_span_id(self._task_id, step_id, attempt))
        own = {
            "step_id": step_id,
            "step_name": self._steps[index],
            "attempt_number": attempt,
            "retry_limit": 3,
            "depends_on": [f"s{index}"] if index else [],
        }
        return self._record(name, TraceHeaders(span, self._root), own | fields)

    def _record(self, name: str, trace: TraceHeaders, fields: Event) -> SourceRecord:
        self._clock += self._rng.randrange(100, 3_000)
        family = family_of(name)
        common = {
            "event_id": event_id_of(f"{self._task_id} {name} {self._clock}", self._clock),
            "event_name": str(name),
            "event_type": event_type_of(name),
            "timestamp": self._clock,
            "task_id": self._task_id,
            "task_name": "order_processing",
            "correlation_id": f"request-{self._created}",
            "attributes": {"region": "eu-west", "items": 3},
            "service": SERVICE,
            "producer": "host-1:4711",
        }
        event: Event = common | fields
        headers = trace_headers(trace) + cloud_event_headers(event, SERVICE)
        return SourceRecord(family, self._task_id.encode(), encode(RECORD_OF_FAMILY[family], event), headers, event)


def id_of_copy(task_id: str, number: int) -> str:
    """Return the id of a copied task; 0 is the task itself.

    >>> id_of_copy("order-00000017", 3)
    '00003-00000017'
    """
    return task_id.replace(_ID.decode(), f"{number:05d}-") if number else task_id


def copies(records: Sequence[SourceRecord], times: int) -> Iterator[SourceRecord]:
    """Yield the records `times` times, each time as those of other tasks: to encode a million takes a minute and more.

    `event` and the trace stay those of the first.
    """
    for number in range(times):
        prefix = id_of_copy(_ID.decode(), number).encode()
        for family, key, value, headers, event in records:
            yield SourceRecord(
                family,
                key.replace(_ID, prefix),
                value.replace(_ID, prefix),
                [(name, content.replace(_ID, prefix)) for name, content in headers],
                event,
            )


def open_tasks(tasks: int, seed: int = 7) -> Iterator[SourceRecord]:
    """Yield the records of tasks with five steps each, all told but for the task's own end: none of them is over."""
    rng = random.Random(seed)
    for index in range(tasks):
        yield from TaskHistory(index, rng, MORE_STEPS).records()[:-1]


def workload(tasks: int, seed: int = 7) -> Iterator[SourceRecord]:
    """Yield the records of `tasks` tasks: about 400 at once, 10 % one place too early, 1 % a second time later."""
    rng = random.Random(seed)
    waiting = (TaskHistory(index, rng).records() for index in range(tasks))
    live = [records for _, records in zip(range(WINDOW), waiting, strict=False)]
    repeats: list[SourceRecord] = []
    while live:
        slot = rng.randrange(len(live))
        queue = live[slot]
        record = queue.pop(1 if len(queue) > 1 and rng.random() < OUT_OF_ORDER else 0)
        yield record
        if rng.random() < TWICE:
            repeats.append(record)
        if len(repeats) > WINDOW // 2:
            yield repeats.pop(rng.randrange(len(repeats)))
        if not queue:
            following = next(waiting, None)
            if following is None:
                live[slot] = live[-1]
                live.pop()
            else:
                live[slot] = following
    yield from repeats
