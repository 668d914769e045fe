"""The compiled modules of the producer do what their Python sources do: the same events, byte for byte."""

import os
import subprocess
import sys

import pytest

from tasker_schemas.extensions import NO_EXTENSIONS, native_state

EVENTS = """
import hashlib, os, uuid
os.getpid = lambda: 7  # both processes are the same producer
from decimal import Decimal
from tasker_producer import OnMisuse, ProducerSettings, StepEvents
from tasker_producer.record import avro_writer
from tasker_producer.testing import RecordingPublisher

publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG, max_record_bytes=5000))
times = dict(timestamp=1_760_000_000_000_000, event_id="e")
step = dict(task_id="t", step_id="s", step_name="charge", **times)
values = [None, True, 0, -1, 1023, 1024, 1 << 31, 1 << 63, 0.5, -0.5, float("nan"), "", "a", "ü" * 600, "a\\0b",
          "token=x", "\\ud800", b"b", b"\\xff", [], ["password", "x"], ("a", 1), Decimal("1.5"),
          {"password": "x", "n": [1, {"k": 2.5}]},
          object, uuid.UUID(int=7), StepEvents.HANDLE, {1, }, 10 ** 5000, range(3), "x" * 9000]
for value in values:
    for field in ("retry_limit", "execution_duration", "started_at", "step_results", "error_message", "depends_on"):
        publisher.publish_step_event("step.failed", **step, **{field: value})
    publisher.publish_event("order.paid", {"value": value, "nested": [value]}, key=value, **times)
    publisher.publish_step_event("step.handle", **{**step, "step_id": value})
    publisher.publish_task_event("task.completed", task_id=value, additional_context={"a": value}, **times)
    publisher.publish_step_event("step.handle", **step, attempt_number=value, event_type=value)
    publisher.publish_event("order.paid", {}, **{**times, "timestamp": value, "event_id": "e"}, trace=value)
digest = hashlib.sha256()
for event in publisher.events:
    if event.name == "order.paid" and not event.fields["attributes"]:
        continue  # the present moment may be in it
    digest.update(repr((event.topic, event.key, event.value, event.headers)).encode())
print(avro_writer.__file__.rpartition(".")[2], len(publisher.events), publisher.stats()["misused"], digest.hexdigest())
"""


def run(no_extensions: str) -> list[str]:
    """The kind of the modules, the numbers of events and mistakes, and a digest of all bytes."""
    environ = {**os.environ, NO_EXTENSIONS: no_extensions, "PYTHONHASHSEED": "0"}
    ended = subprocess.run([sys.executable, "-c", EVENTS], env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def test_compiled_and_not_compiled_the_events_are_the_same() -> None:
    if native_state() != "yes":
        pytest.skip(f"native: {native_state()}")
    compiled, plain = run("0"), run("1")
    assert (compiled[0], plain[0]) == ("so", "py")
    assert compiled[1:] == plain[1:]
    assert int(compiled[1]) > 200
