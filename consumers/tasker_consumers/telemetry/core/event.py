"""One decoded event with its place in a trace: what the fold takes in."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import RANK, fields_of
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.headers import (
    BAGGAGE,
    PARENT,
    TRACEPARENT,
    TRACESTATE,
    SpanRef,
    TraceHeaders,
    read_trace_headers,
    read_traceparent,
)
from tasker_schemas.names import Family, State


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


# Nothing that a span tells; inputs, results and contexts are the largest part of an event.
_UNTOLD = {"event_type", "step_inputs", "step_results", "context", "from_state", "to_state", "truncated"}


def span_decoder(lookup: SchemaLookup | None = None) -> Decoder:
    """Return a decoder that reads what spans tell, and leaves out what is empty; see `Decoder` for `lookup`."""
    return Decoder(lookup, {RECORD_OF_FAMILY[family]: fields_of(family) - _UNTOLD for family in Family})


class Carried(NamedTuple):
    """The context that an event carried: of the span that it belongs to, and the id of the span above it."""

    trace_id: str
    span_id: str
    flags: int
    parent_id: str  # empty for a root
    tracestate: str


class Event(NamedTuple):
    """An event, its fields as `span_decoder` reads them, and the context that its headers carried."""

    family: Family
    data: dict[str, Any]
    carried: Carried | None


#: From `FAILED` on a task or attempt has ended.
BEGUN, FAILED = RANK[State.IN_PROGRESS], RANK[State.ERROR]
STATE_OF_RANK: tuple[str, ...] = tuple(str(state) for state in RANK)


_STEP, _CUSTOM = Family.STEP, Family.CUSTOM  # to look a member up in its enum costs as much as a check
_TIMES = ("timestamp", "started_at", "completed_at")
_END_OF_TIME = 2**64 // 1000  # microseconds; OTLP's nanoseconds end there, in 2554


def read_event(record: Record, decode: Callable[[str, bytes | None], dict[str, Any]] | None = None) -> Event:
    """Read the event of a record; `decode` is that of a `span_decoder`, by default of one without a registry.

    Raises PoisonRecord for a record that can never be read or breaks a rule of the catalogue, and BackendUnavailable
    when the registry must be asked and does not answer.
    """
    key = record.key
    if key is None:
        raise PoisonRecord(PoisonReason.NULL_KEY, "without a key nobody knows the task")
    family, name, prefix = _kind_of_topic(record.topic)
    data = (decode or _plain_decoder().decode)(name, record.value)
    _check(family, prefix, data, key)
    return Event(family, data, _carried(record.headers))


def _check(family: Family, prefix: str, data: dict[str, Any], key: bytes) -> None:
    """Refuse what no producer of ours writes: such an event would end up in another task's trace, or in none."""
    name, task_id = data.get("event_name", ""), data.get("task_id", "")
    if b"\x00" in key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"the key {key!r} contains a zero byte, which no task id may")
    if "event_id" not in data:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, "event_id is empty")
    if family is _CUSTOM:
        if not task_id:
            return
    elif not name.startswith(prefix):
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"event_name {name!r} is no {family} event")
    if task_id.encode() != key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"task_id {task_id!r} is not the record's key {key!r}")
    for field in _TIMES:
        if field in data and not 0 <= (time := data[field]) < _END_OF_TIME:
            raise PoisonRecord(PoisonReason.INVALID_EVENT, f"{field} {time} is no time in microseconds since 1970")
    if family is _STEP and ("step_id" not in data or data["attempt_number"] < 1):
        raise PoisonRecord(
            PoisonReason.INVALID_EVENT,
            f"step_id {data.get('step_id', '')!r}, attempt_number {data['attempt_number']}: "
            "expected an id and a number from 1",
        )


@lru_cache(maxsize=64)
def _kind_of_topic(topic: str) -> tuple[Family, str, str]:
    """Return the family of a topic's events, the record they are written as, and what their names begin with."""
    family = Family(topic.rpartition(".")[2])
    return family, RECORD_OF_FAMILY[family], f"{family}."


@lru_cache(maxsize=1)
def _plain_decoder() -> Decoder:
    return span_decoder()


def _carried(headers: Sequence[tuple[str, bytes | None]]) -> Carried | None:
    if not headers:
        return None
    names, values = zip(*headers, strict=True)
    places = _places(names)
    if places is not None:
        span, parent = values[places[0]], None if places[1] is None else values[places[1]]
        if span is not None and len(span) == _USUAL and (parent is None or len(parent) == _USUAL):
            return _read(span, parent)  # the events of one attempt carry the same context: most are read once
    return _carried_by(read_trace_headers(headers))


_USUAL = 55  # bytes of a context; longer ones would fill the cache


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...]) -> tuple[int, int | None] | None:
    """Return where the contexts of span and parent stand; None for headers that ask for more care."""
    if TRACEPARENT not in names or TRACESTATE in names or BAGGAGE in names:
        return None
    if any(name != name.lower() or names.count(name) > 1 for name in names):
        return None
    return names.index(TRACEPARENT), names.index(PARENT) if PARENT in names else None


@lru_cache(maxsize=4096)
def _read(span: bytes, parent: bytes | None) -> Carried | None:
    return _carried_by(TraceHeaders(read_traceparent(span), _read_parent(parent)))


def _carried_by(place: TraceHeaders) -> Carried | None:
    span, parent = place.span, place.parent
    if span is None:
        return None
    # A parent in another trace, or the span itself, is none: it could not be shown above the span.
    fits = parent is not None and parent.trace_id == span.trace_id and parent.span_id != span.span_id
    return Carried(
        span.trace_id, span.span_id, span.flags, parent.span_id if parent is not None and fits else "", place.tracestate
    )


@lru_cache(maxsize=4096)
def _read_parent(parent: bytes | None) -> SpanRef | None:
    return read_traceparent(parent)
