"""Spans and log records that a backend will never take: to the group's dead letters, with the backend's words."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

import orjson
from confluent_kafka import KafkaException, Producer

from tasker_consumers.telemetry.export.exporter import Item, Rejection
from tasker_consumers.telemetry.logs.record import LogRecord, record_to_json
from tasker_consumers.telemetry.spans.span import Attributes, Span, span_to_json
from tasker_producer.settings import kafka_config
from tasker_schemas.errors import BackendUnavailable

logger = logging.getLogger(__name__)

MESSAGE = "__streams.errors.message"
EXCEPTION = "__streams.errors.exception"
_FLUSH_S = 30.0
_MOST_BYTES = 900_000  # topics take a little more unless told otherwise
_SHORT = 1000  # characters of an attribute that stays in an item that was too large


PutSpansAside = Callable[[Sequence[Rejection[Span]]], Awaitable[None]]
PutRecordsAside = Callable[[Sequence[Rejection[LogRecord]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RefusedKind(Generic[Item]):
    """How items of a kind are named, written and shortened in dead letters."""

    name: str
    exception: str
    to_json: Callable[[Item], dict[str, Any]]
    shortened: Callable[[Item, Attributes], Item]


SPANS: RefusedKind[Span] = RefusedKind(
    "spans",
    "SpanRefused",
    span_to_json,
    lambda span, attributes: replace(span, attributes=attributes, events=[], links=[]),
)
LOG_RECORDS: RefusedKind[LogRecord] = RefusedKind(
    "log records", "LogRecordRefused", record_to_json, lambda record, attributes: replace(record, attributes=attributes)
)


class RefusedItems(Generic[Item]):
    """Writes refused items as JSON, a record for each item, under their task's id."""

    def __init__(self, kafka: Mapping[str, str], topic: str, kind: RefusedKind[Item]) -> None:
        self._kafka = kafka
        self._topic = topic
        self._kind = kind
        self._producer: Any = None

    async def put(self, rejections: Sequence[Rejection[Item]]) -> None:
        """Return when Kafka has them all; raises BackendUnavailable when it does not take them."""
        for rejection in rejections:
            logger.warning("The backend refused %d %s: %s", rejection.count, self._kind.name, rejection.reason)
        await asyncio.to_thread(self._put, rejections)

    def _put(self, rejections: Sequence[Rejection[Item]]) -> None:
        if self._producer is None:  # most workers never need a producer
            self._producer = Producer({**self._kafka, "partitioner": "murmur2_random", "enable.idempotence": True})
        failed: list[Any] = []

        def settle(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error)

        try:
            for rejection in rejections:
                for key, value in self._records(rejection):
                    headers = [(EXCEPTION, self._kind.exception.encode()), (MESSAGE, rejection.reason.encode())]
                    headers.append(("content-type", b"application/json"))
                    self._producer.produce(self._topic, value, key, headers=headers, on_delivery=settle)
        except (KafkaException, BufferError) as error:
            raise BackendUnavailable(
                f"Refused {self._kind.name} cannot be put aside in {self._topic}: {error}"
            ) from error
        if self._producer.flush(_FLUSH_S) or failed:
            raise BackendUnavailable(
                f"Kafka took no refused {self._kind.name} for {self._topic}: {failed[:1] or 'no answer'}"
            )

    def _records(self, rejection: Rejection[Item]) -> list[tuple[bytes | None, bytes]]:
        if rejection.count >= len(rejection.items):
            return [(str(item.attributes.get("task_id", "")).encode(), self._json(item)) for item in rejection.items]
        # A partial success names no item: whoever looks into it gets all that come into question.
        ids = [{"trace_id": item.trace_id, "span_id": item.span_id} for item in rejection.items]
        return [(None, orjson.dumps({"rejected": rejection.count, "among": ids}))]

    def _json(self, item: Item) -> bytes:
        """Return an item's JSON; of an item too large for Kafka, without its long parts."""
        to_json = self._kind.to_json
        data = orjson.dumps(to_json(item))
        if len(data) <= _MOST_BYTES:
            return data
        short = {name: value for name, value in item.attributes.items() if len(str(value)) <= _SHORT}
        return orjson.dumps({**to_json(self._kind.shortened(item, short)), "truncated": True})


def refused_spans(environ: Mapping[str, str], topic: str) -> RefusedItems[Span]:
    """Return where refused spans go; reads `KAFKA_*`, and raises ConfigurationError for a value that cannot work."""
    return RefusedItems(kafka_config(environ), topic, SPANS)


def refused_log_records(environ: Mapping[str, str], topic: str) -> RefusedItems[LogRecord]:
    """Return where refused log records go; as `refused_spans`."""
    return RefusedItems(kafka_config(environ), topic, LOG_RECORDS)
