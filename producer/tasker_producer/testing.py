"""For the tests of a service that publishes: a publisher that keeps its events, and asks no Kafka.

Everything but the delivery is the real thing, so an event that passes here has passed the checks, the masking and the
encoding that it meets in production.
"""

import json
from typing import Any, NamedTuple

from tasker_producer.publisher import EventPublisher
from tasker_producer.record.fields import JSON_FIELDS
from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import CE_TYPE, Header, TraceHeaders, read_trace_headers
from tasker_schemas.names import family_of

_decoder = Decoder()


class PublishedEvent(NamedTuple):
    """An event as a consumer would read it."""

    name: str
    fields: dict[str, Any]
    topic: str
    key: str
    headers: list[Header]
    value: bytes

    @property
    def trace(self) -> TraceHeaders:
        """The event's place in a trace."""
        return read_trace_headers(self.headers)


class RecordingDelivery:
    """Keeps records in memory in the place of Kafka."""

    def __init__(self) -> None:
        self.events: list[PublishedEvent] = []

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Keep a record, decoded."""
        name = dict(headers)[CE_TYPE].decode()
        fields = _decoder.decode(RECORD_OF_FAMILY[family_of(name)], value)
        self.events.append(PublishedEvent(name, fields, topic, key.decode(), headers, value))

    def flush(self, timeout: float) -> int:  # noqa: ARG002  the interface of a delivery
        """Return that nothing is left."""
        return 0

    def close(self, timeout: float, *, patient: bool = True) -> int:  # noqa: ARG002  the interface of a delivery
        """Return that nothing is left."""
        return 0

    def stats(self) -> dict[str, int]:
        """Return counts as a real delivery does."""
        return {"published": len(self.events), "delivered": len(self.events), "queued": 0, "dropped": 0}

    def after_fork(self) -> None:
        """Forget the parent's events."""
        self.events.clear()


class RecordingPublisher(EventPublisher):
    """A publisher whose events a test can look at.

    >>> publisher = RecordingPublisher()
    >>> with publisher.task("order_processing", task_id=42) as task, task.step("fetch_cart"):
    ...     pass
    >>> publisher.assert_published("step.completed", task_id="42", step_name="fetch_cart").fields["attempt_number"]
    1
    """

    _default_on_misuse = OnMisuse.RAISE

    def __init__(self, settings: ProducerSettings | None = None) -> None:
        self._recorded = RecordingDelivery()
        super().__init__(settings or ProducerSettings(), self._recorded)

    @property
    def events(self) -> list[PublishedEvent]:
        """Everything published so far, in order."""
        return self._recorded.events

    def published(self, name: str, **fields: Any) -> list[PublishedEvent]:
        """Return the events of this name whose fields, or attributes, have these values.

        Fields that hold JSON, such as `step_results`, are compared as values, or as text with a text. Raises
        AssertionError for a name that no event can have.
        """
        try:
            family_of(name)
        except UsageError as error:
            raise AssertionError(f"no event can have this name: {error}") from error
        return [event for event in self.events if event.name == name and _matches(event, fields)]

    def assert_published(self, name: str, **fields: Any) -> PublishedEvent:
        """Return the event that fits; raise AssertionError for none and for several."""
        matching = self.published(name, **fields)
        if len(matching) != 1:
            published = "\n".join(f"  {event.name} {_present_fields(event)}" for event in self.events) or "  nothing"
            expected = ", ".join(f"{key}={value!r}" for key, value in fields.items())
            raise AssertionError(f"{len(matching)} events fit {name}({expected}); published:\n{published}")
        return matching[0]

    def assert_not_published(self, name: str, **fields: Any) -> None:
        """Raise AssertionError if an event fits, or if no event can have this name."""
        if matching := self.published(name, **fields):
            raise AssertionError(f"{name} was published: {_present_fields(matching[0])}")


def _matches(event: PublishedEvent, expected: dict[str, Any]) -> bool:
    values = {**event.fields["attributes"], **event.fields}
    return all(key in values and _equal(key, values[key], value) for key, value in expected.items())


def _equal(name: str, value: Any, expected: Any) -> bool:
    if name in JSON_FIELDS and isinstance(value, str) and not isinstance(expected, str):
        return bool(json.loads(value) == json.loads(json.dumps(expected, default=str)))
    return bool(value == expected)


def _present_fields(event: PublishedEvent) -> dict[str, Any]:
    return {key: value for key, value in event.fields.items() if value not in (None, "", [], {}, "unknown")}
