"""Events as OTLP log records in bytes: our way, and that of OpenTelemetry's SDK.

`ours` begins with folded events, and masks and limits what it writes. `sdk` gets the very same records ready-made: it
emits each with a logger, as an application would, and encodes them in batches of its usual size. It is spared masking,
its queue and its thread. Every request is parsed again, and each record compared. The rate is in records per second of
processor time.

    python -m benchmarks.log_records [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from rich.console import Console

from benchmarks.engine_process import EngineFailed
from benchmarks.peers.sdk_logs import SdkLogs, SdkRecord
from benchmarks.rounds import in_turns, ratio, read_options, show
from benchmarks.workload import SourceRecord, workload
from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.otlp.log_encoder import OtlpLogEncoder
from tasker_consumers.telemetry.export.sanitize import SpanSanitizer
from tasker_consumers.telemetry.logs.log_records import log_records
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_schemas.topics import event_topic

SWITCHES = EventSwitches(events_as_logs=True)
OBSERVED_US = 1_760_000_000_000_000
TASKS = 2_000  # that is 25,000 records


class RecordFacts(NamedTuple):
    """What a log record says; `attributes` in the words of protobuf's own text format."""

    ids: tuple[bytes, bytes, int]
    times: tuple[int, int]
    severity: int
    name: str
    body: str
    attributes: frozenset[str]


class _Source(NamedTuple):
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class LogRace:
    """The events of some tasks, folded, and the records that they make."""

    def __init__(self, records: Iterable[SourceRecord]) -> None:
        self._states = states_of(records)
        self._sanitizer = SpanSanitizer.from_env({})
        self._encoder = OtlpLogEncoder({"service.name": "tasker"}, "bench")
        made = list(self._records())
        self._ready_made = [_for_sdk(record) for record in made]
        self._sdk = SdkLogs({"service.name": "tasker"})
        self._expected = _facts_in(self._encode(made))

    @property
    def size(self) -> int:
        """Number of log records."""
        return len(self._ready_made)

    def ours(self, _round: int) -> float:
        """Make, mask and encode all records; return how many in a second."""
        return self._checked(lambda: self._encode(list(self._records())))

    def sdk(self, _round: int) -> float:
        """Emit and encode all records with the SDK; return how many in a second."""
        return self._checked(lambda: self._sdk.requests(self._ready_made))

    def _records(self) -> Iterator[LogRecord]:
        sanitize = self._sanitizer.sanitize_record
        for state in self._states:
            for record in log_records(state, SWITCHES, OBSERVED_US):
                yield sanitize(record)

    def _encode(self, records: list[LogRecord]) -> list[bytes]:
        return [request for request, _ in self._encoder.requests(records)]

    def _checked(self, work: Callable[[], list[bytes]]) -> float:
        began = time.process_time()
        requests = work()
        seconds = time.process_time() - began
        if _facts_in(requests) != self._expected:
            raise EngineFailed("the log records of ours and of the SDK differ")
        return self.size / seconds


def states_of(records: Iterable[SourceRecord]) -> list[TaskState]:
    """Return the states of the tasks that records tell of."""
    states: dict[bytes, TaskState] = {}
    for family, key, value, headers, _ in records:
        states[key] = fold(states.get(key), read_event(_Source(event_topic(family), key, value, headers)))
    return [*states.values()]


def _for_sdk(record: LogRecord) -> SdkRecord:
    place = SpanContext(int(record.trace_id, 16), int(record.span_id, 16), True, TraceFlags(record.flags))
    context: Context = set_span_in_context(NonRecordingSpan(place))
    return SdkRecord(record, context)


def _facts_in(requests: Iterable[bytes]) -> frozenset[RecordFacts]:
    return frozenset(
        RecordFacts(
            (wire.trace_id, wire.span_id, wire.flags),
            (wire.time_unix_nano, wire.observed_time_unix_nano),
            wire.severity_number,
            wire.event_name,
            wire.body.string_value,
            frozenset(map(str, wire.attributes)),
        )
        for request in requests
        for resource in ExportLogsServiceRequest.FromString(request).resource_logs
        for scope in resource.scope_logs
        for wire in scope.log_records
    )


def ratio_of_logs(rounds: int, tasks: int, console: Console) -> dict[str, float]:
    """Run the race, print its table, and return our ratio to the SDK by its key."""
    race = LogRace(workload(tasks))
    rates = in_turns({"ours": race.ours, "sdk": race.sdk}, rounds, console)
    show(f"Log records: {race.size:,}, every run verified", "records/s", rates, "ours", console)
    return {"ratio_sdk_logs": ratio(rates, "ours", "sdk")}


def main() -> None:
    """Run the race and print what came out."""
    options = read_options(__doc__, rounds=5, tasks=TASKS)
    console = Console(stderr=options.as_json)
    found = ratio_of_logs(options.rounds, options.tasks, console)
    if options.as_json:
        print(json.dumps({"benchmark": "log_records", **found}))


if __name__ == "__main__":
    main()
