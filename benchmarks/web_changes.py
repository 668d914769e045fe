"""Tasks that change at a steady rate: each event with the statistics that a worker makes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Producer

from tasker_schemas.avro.codec import encode
from tasker_schemas.identity import event_id_of
from tasker_schemas.names import Family, State
from tasker_schemas.topics import event_topic, stats_topic

#: The states that a task goes through, an event for each.
_STATES = (State.PENDING, State.IN_PROGRESS, State.IN_PROGRESS, State.COMPLETE)
_TICK_S = 0.02


class Changes:
    """Sends events of tasks, and their statistics; `begins` has when each task began, by its number."""

    def __init__(self, connection: Mapping[str, str], prefix: str, rate: int, first: int = 0) -> None:
        self._producer = open_producer(connection)
        self._prefix = prefix
        self._rate = rate
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.begins = [0.0] * first
        self.sent = 0

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Send until the end of the block."""
        self._thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self._thread.join()
            self._producer.flush(60)

    def _send(self) -> None:
        began = time.monotonic()
        while not self._ending.wait(_TICK_S):
            while self.sent < (time.monotonic() - began) * self._rate:
                self._send_next()
            self._producer.poll(0)

    def _send_next(self) -> None:
        step = self.sent % len(_STATES)
        if not step:
            self.begins.append(time.monotonic())
        send_change(self._producer, self._prefix, len(self.begins) - 1, step)
        self.sent += 1


def fill(connection: Mapping[str, str], prefix: str, count: int) -> None:
    """Send the last event of so many tasks."""
    producer = open_producer(connection)
    for number in range(count):
        send_change(producer, prefix, number, len(_STATES) - 1)
        producer.poll(0)
    assert producer.flush(120) == 0


def open_producer(connection: Mapping[str, str]) -> Producer:
    """Return a producer that puts keys where ours does."""
    return Producer({**connection, "partitioner": "murmur2_random", "linger.ms": 5, "log_level": 0})


def send_change(producer: Producer, prefix: str, number: int, step: int) -> None:
    """Send an event of a task, and the statistics after it."""
    task_id, now = f"task-{number}", time.time_ns() // 1000
    event = {
        "event_id": event_id_of(f"{task_id}/{step}", now), "event_name": "task.start_requested", "timestamp": now,
        "task_id": task_id, "task_name": f"order_processing_{number % 20}", "service": "shop",
        "service_version": "1.4.2", "correlation_id": f"request-{number}",
    }  # fmt: skip
    producer.produce(event_topic(Family.TASK, prefix), encode("TaskEvent", event), task_id)
    producer.produce(stats_topic(prefix), encode("TaskStats", statistics_of(task_id, number, step, now)), task_id)


def statistics_of(task_id: str, number: int, step: int, now: int) -> dict[str, Any]:
    """Return the statistics of a task after an event; each twentieth task fails."""
    is_over = step == len(_STATES) - 1
    status = State.ERROR if is_over and not number % 20 else _STATES[step]
    error = {"step_id": "charge_card", "error_class": "shop.Declined", "error_message": f"card {number} declined"}
    return {
        "task_id": task_id, "task_name": f"order_processing_{number % 20}", "status": str(status),
        "trace_id": f"{number:032x}", "created_at": now, "started_at": now, "last_event_at": now,
        "completed_at": now if is_over else None, "duration_s": 1.5 if is_over else None, "total_steps": 5,
        "completed_steps": step, "revision": step + 1,
        "first_error": error if status is State.ERROR else None,
    }  # fmt: skip
