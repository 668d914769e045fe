"""A decoded event with its context in a trace: the input of the fold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import RANK, fields_of
from tasker_schemas.event_check import check_record
from tasker_schemas.extensions import compiled_or
from tasker_schemas.headers import (
    PARENT,
    TRACE_NAMES,
    TRACEPARENT,
    SpanRef,
    headers_among,
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
        """The Avro record, framed in any of the known ways."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Names and values."""


# Nothing that a span tells; inputs, results and contexts are the largest part of an event.
_UNTOLD = {"event_type", "step_inputs", "step_results", "context", "from_state", "to_state", "truncated"}


def span_decoder(lookup: SchemaLookup | None = None) -> Decoder:
    """Return a decoder that reads the fields that spans show, without empty values; see `Decoder` for `lookup`."""
    return Decoder(lookup, {RECORD_OF_FAMILY[family]: fields_of(family) - _UNTOLD for family in Family})


class Carried(NamedTuple):
    """The context that an event carried: of the span that it belongs to, and the id of the span above it."""

    trace_id: str
    span_id: str
    flags: int
    parent_id: str  # empty for a root
    tracestate: str


@dataclass
class Event:
    """An event, its fields as `span_decoder` reads them, and the context that its headers carried."""

    family: Family
    data: dict[str, Any]
    carried: Carried | None
    size: int = 0  # bytes of the record's value


#: From `FAILED` on a task or attempt has ended.
BEGUN, FAILED = RANK[State.IN_PROGRESS], RANK[State.ERROR]
#: From `COMPLETE` on nothing more is expected of an attempt: the facts of its exported span are dropped.
COMPLETE = RANK[State.COMPLETE]
STATE_OF_RANK: tuple[str, ...] = tuple(str(state) for state in RANK)


def read_event(record: Record, decode: Callable[[str, bytes | None], dict[str, Any]] | None = None) -> Event:
    """Read the event of a record; `decode` is that of a `span_decoder`, by default a decoder without a registry.

    Raises PoisonRecord for a record that can never be read or breaks a rule of the catalogue, and BackendUnavailable
    when the registry must be asked and does not answer.
    """
    family, name = _family_and_record(record.topic)
    data = (decode or _plain_decoder().decode)(name, record.value)
    check_record(data, record.key, family)
    return Event(family, data, _carried(record.headers), len(record.value or b""))


@lru_cache(maxsize=64)
def _family_and_record(topic: str) -> tuple[Family, str]:
    """Return the family of a topic's events, and the record that they are written as."""
    family = Family(topic.rpartition(".")[2])
    return family, RECORD_OF_FAMILY[family]


@lru_cache(maxsize=1)
def _plain_decoder() -> Decoder:
    return span_decoder()


def _carried(headers: Iterable[tuple[str, bytes | None]]) -> Carried | None:
    found = headers_among(headers, TRACE_NAMES)
    if not found:
        return None
    name, span = found[0]
    if name == TRACEPARENT and span is not None and len(span) == _USUAL:
        if len(found) == 1:
            return read_usual(span, None)
        name, parent = found[1]
        if len(found) == 2 and name == PARENT and parent is not None and len(parent) == _USUAL:  # noqa: PLR2004
            return read_usual(span, parent)
    place = read_trace_headers(found)
    return _carried_by(place.span, place.parent, place.tracestate)


_DEFINED_FLAGS = 0x03  # sampled and random; Trace Context 2 has all others go on as zero
_USUAL = 55  # bytes of a context


@lru_cache(maxsize=4096)  # the events of an attempt carry the same context: most are read once
def python_usual(span: bytes, parent: bytes | None) -> Carried | None:
    """Return the same as `read_usual`, from Python sources."""
    return _carried_by(read_traceparent(span), read_traceparent(parent), "")


def _carried_by(span: SpanRef | None, parent: SpanRef | None, tracestate: str) -> Carried | None:
    if span is None:
        return None
    # A parent in another trace, or the span itself, is none: it could not be shown above the span.
    fits = parent is not None and parent.trace_id == span.trace_id and parent.span_id != span.span_id
    return Carried(
        span.trace_id,
        span.span_id,
        span.flags & _DEFINED_FLAGS,
        parent.span_id if parent is not None and fits else "",
        tracestate,
    )


_native = compiled_or("tasker_consumers.telemetry.core._contexts_c", "NativeContexts", None)
#: Returns the context that two headers of 55 bytes carry, that of the event's span and that of the span above it.
read_usual: Callable[[bytes, bytes | None], Carried | None] = python_usual if _native is None else _native(Carried)
