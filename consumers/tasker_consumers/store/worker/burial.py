"""Dead letters of the store: written with a producer of their own, and acknowledged before the store goes on."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Producer

from tasker_consumers.engine.flow.dead_letters import letter_of, pointer
from tasker_consumers.engine.flow.quarantine import Burial
from tasker_consumers.engine.processor import Record
from tasker_consumers.store.core.records import FetchedRecord
from tasker_schemas.errors import BackendUnavailable, PoisonRecord

#: Seconds until a broker that does not acknowledge counts as away.
LIMIT_S = 30.0


class DeadLetterProducer:
    """Writes dead letters into a topic; a letter that the topic does not take becomes a pointer."""

    def __init__(self, kafka: Mapping[str, str], topic: str, max_bytes: int) -> None:
        self._producer: Any = Producer(
            {"log_level": 0, **kafka, "partitioner": "murmur2_random", "message.max.bytes": max_bytes + (1 << 20)}
        )
        self._topic = topic
        self._max_bytes = max_bytes

    def bury(self, burials: Sequence[Burial]) -> None:
        """Write the letters of records; raises BackendUnavailable when Kafka does not acknowledge them."""
        refused: list[Burial] = []
        failures: list[str] = []
        for burial in burials:
            self._send(burial, letter_of(*burial, max_bytes=self._max_bytes), refused, failures)
        self._flush(failures)
        for burial in refused:
            self._send(burial, pointer(*burial), [], failures)
        self._flush(failures)

    def _send(self, burial: Burial, letter: Any, refused: list[Burial], failures: list[str]) -> None:
        def answered(error: KafkaError | None, _message: Any) -> None:
            if error is None:
                return
            if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                refused.append(burial)
            else:
                failures.append(error.str())

        try:
            self._producer.produce(
                self._topic, letter.value, letter.key, headers=letter.headers, timestamp=letter.timestamp or 0,
                on_delivery=answered,
            )  # fmt: skip
        except KafkaException as error:
            answered(error.args[0], None)
        except BufferError:
            self._producer.flush(LIMIT_S)
            self._send(burial, letter, refused, failures)

    def _flush(self, failures: list[str]) -> None:
        if self._producer.flush(LIMIT_S) or failures:
            reason = failures[0] if failures else f"no answer in {LIMIT_S:.0f} s"
            raise BackendUnavailable(f"Kafka took no dead letters for {self._topic} ({reason})")


def burial_of(record: FetchedRecord, error: PoisonRecord) -> Burial:
    """Return a record and the reason why it cannot be stored."""
    return Burial(cast("Record", record), error)
