"""Spans that a backend will never take: to the group's dead letters, with the backend's words."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Self

import orjson
from confluent_kafka import KafkaException, Producer

from tasker_consumers.telemetry.export.exporter import Rejection
from tasker_consumers.telemetry.spans.span import Span, span_to_json
from tasker_producer.settings import kafka_config
from tasker_schemas.errors import BackendUnavailable

logger = logging.getLogger(__name__)

MESSAGE = "__streams.errors.message"
EXCEPTION = "__streams.errors.exception"
REFUSED = "SpanRefused"
_FLUSH_S = 30.0
_MOST_BYTES = 900_000  # topics take a little more unless told otherwise
_SHORT = 1000  # characters of an attribute that stays in a span that was too large


class DeadSpans:
    """Writes refused spans as JSON, a record for each span, under their task's id."""

    def __init__(self, kafka: Mapping[str, str], topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._producer: Any = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str], topic: str) -> Self:
        """Read `KAFKA_*`; raises ConfigurationError for a value that cannot work."""
        return cls(kafka_config(environ), topic)

    async def put(self, rejections: Sequence[Rejection]) -> None:
        """Return when Kafka has them all; raises BackendUnavailable when it does not take them."""
        for rejection in rejections:
            logger.warning("The trace backend refused %d span(s): %s", rejection.count, rejection.reason)
        await asyncio.to_thread(self._put, rejections)

    def _put(self, rejections: Sequence[Rejection]) -> None:
        if self._producer is None:  # most workers never need a producer
            self._producer = Producer({**self._kafka, "partitioner": "murmur2_random", "enable.idempotence": True})
        failed: list[Any] = []

        def settle(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error)

        try:
            for rejection in rejections:
                for key, value in _records(rejection):
                    headers = [(EXCEPTION, REFUSED.encode()), (MESSAGE, rejection.reason.encode())]
                    headers.append(("content-type", b"application/json"))
                    self._producer.produce(self._topic, value, key, headers=headers, on_delivery=settle)
        except (KafkaException, BufferError) as error:
            raise BackendUnavailable(f"Refused spans cannot be put aside in {self._topic}: {error}") from error
        if self._producer.flush(_FLUSH_S) or failed:
            raise BackendUnavailable(f"Kafka took no refused spans for {self._topic}: {failed[:1] or 'no answer'}")


def _records(rejection: Rejection) -> list[tuple[bytes | None, bytes]]:
    if rejection.count >= len(rejection.spans):
        return [(str(span.attributes.get("task_id", "")).encode(), _json(span)) for span in rejection.spans]
    # A partial success names no span: whoever looks into it gets all that come into question.
    ids = [{"trace_id": span.trace_id, "span_id": span.span_id} for span in rejection.spans]
    return [(None, orjson.dumps({"rejected": rejection.count, "among": ids}))]


def _json(span: Span) -> bytes:
    """Return a span's JSON; of a span too large for Kafka, without its long parts."""
    data = orjson.dumps(span_to_json(span))
    if len(data) <= _MOST_BYTES:
        return data
    short = {name: value for name, value in span.attributes.items() if len(str(value)) <= _SHORT}
    return orjson.dumps({**span_to_json(span._replace(attributes=short, events=[], links=[])), "truncated": True})
