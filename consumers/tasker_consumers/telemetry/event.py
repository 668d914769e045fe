"""One decoded event with its place in a trace: what the fold takes in."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from tasker_schemas.codec import Decoder
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.events import RANK
from tasker_schemas.headers import BAGGAGE, PARENT, TRACEPARENT, TRACESTATE, TraceHeaders, read_trace_headers
from tasker_schemas.names import Family, State
from tasker_schemas.schemas import RECORD_OF_FAMILY


class Record(Protocol):
    """The part of a Kafka record that is read here; aiokafka's and the engine's records have it."""

    @property
    def topic(self) -> str:
        """The topic, `<prefix>.events.<family>`."""

    @property
    def key(self) -> bytes | None:
        """The task id."""

    @property
    def value(self) -> bytes | None:
        """The Avro record in one of its framings."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Names and values."""


class Event(NamedTuple):
    """An event, its fields by their Avro names, and the context that its headers carried."""

    family: Family
    data: dict[str, Any]
    trace: TraceHeaders


#: From `FAILED` on a task or attempt has ended.
BEGUN, FAILED = RANK[State.IN_PROGRESS], RANK[State.ERROR]
STATE_OF_RANK: tuple[str, ...] = tuple(str(state) for state in RANK)


_END_OF_TIME = 2**64 // 1000  # microseconds; OTLP's nanoseconds end there, in 2554


def read_event(record: Record, decode: Callable[[str, bytes | None], dict[str, Any]] | None = None) -> Event:
    """Read the event of a record; `decode` is `Decoder.decode`, by default of a decoder without a registry.

    Raises PoisonRecord for a record that can never be read or breaks a rule of the catalogue, and BackendUnavailable
    when the registry must be asked and does not answer.
    """
    key = record.key
    if key is None:
        raise PoisonRecord(PoisonReason.NULL_KEY, "without a key nobody knows the task")
    family = _family_of_topic(record.topic)
    data = (decode or _plain_decoder().decode)(RECORD_OF_FAMILY[family], record.value)
    _check(family, data, key)
    return Event(family, data, _trace_of(record.headers))


def _check(family: Family, data: dict[str, Any], key: bytes) -> None:
    """Refuse what no producer of ours writes: such an event would end up in another task's trace, or in none."""
    name, task_id = data["event_name"], data["task_id"]
    if b"\x00" in key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"the key {key!r} contains a zero byte, which no task id may")
    if not data["event_id"]:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, "event_id is empty")
    if family is Family.CUSTOM:
        if task_id is None:
            return
    elif not name.startswith(f"{family}."):
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"event_name {name!r} is no {family} event")
    if task_id.encode() != key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"task_id {task_id!r} is not the record's key {key!r}")
    for field in ("timestamp", "started_at", "completed_at"):
        time = data.get(field)
        if time is not None and not 0 <= time < _END_OF_TIME:
            raise PoisonRecord(PoisonReason.INVALID_EVENT, f"{field} {time} is no time in microseconds since 1970")
    if family is Family.STEP and (not data["step_id"] or data["attempt_number"] < 1):
        raise PoisonRecord(
            PoisonReason.INVALID_EVENT,
            f"step_id {data['step_id']!r}, attempt_number {data['attempt_number']}: expected an id and a number from 1",
        )


@lru_cache(maxsize=64)
def _family_of_topic(topic: str) -> Family:
    return Family(topic.rpartition(".")[2])


@lru_cache(maxsize=1)
def _plain_decoder() -> Decoder:
    return Decoder()


_TRACE_NAMES = frozenset({TRACEPARENT, PARENT, TRACESTATE, BAGGAGE})
_SHORT = 512  # bytes; what W3C asks everybody to pass on


def _trace_of(headers: Sequence[tuple[str, bytes | None]]) -> TraceHeaders:
    ours = tuple([header for header in headers if header[0] in _TRACE_NAMES])
    if not ours:
        return read_trace_headers(headers)  # none, or in another spelling
    for _, value in ours:
        if value is None or len(value) > _SHORT:
            return read_trace_headers(ours)  # long ones would fill the cache
    return _read(ours)  # the events of one attempt carry the same context: most are read once


@lru_cache(maxsize=4096)
def _read(headers: tuple[tuple[str, bytes | None], ...]) -> TraceHeaders:
    return read_trace_headers(headers)
