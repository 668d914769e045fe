"""A record of any source topic, read, checked, and added to a batch."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.event_rows import Origin, add_event
from tasker_consumers.store.core.fields import Headers
from tasker_consumers.store.core.other_rows import letter_row, stats_row
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.event_check import check_record
from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic, stats_topic

#: Families whose events have rows; the other two tell nothing that these do not.
FAMILIES = (Family.TASK, Family.STEP, Family.CUSTOM)
#: The groups whose dead letters are stored.
LETTER_GROUPS = ("stats", "telemetry", "store")
GROUP = "store"


class FetchedRecord(NamedTuple):
    """A record as it came from Kafka; `timestamp` in milliseconds since 1970, -1 without any."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def position(self) -> tuple[str, int, int]:
        """Topic, partition and offset."""
        return self.topic, self.partition, self.offset


def source_topics(prefix: str) -> tuple[str, ...]:
    """Return the topics that the store reads."""
    letters = (dead_letter_topic(group, prefix) for group in LETTER_GROUPS)
    return (*(event_topic(family, prefix) for family in FAMILIES), stats_topic(prefix), *letters)


class RecordReader:
    """Adds records to batches; `decoder` reads the records of all topics."""

    def __init__(self, prefix: str, decoder: Decoder) -> None:
        self._decode = decoder.decode
        self._adders: Mapping[str, Callable[[Batch, FetchedRecord], None]] = {
            **{event_topic(family, prefix): self._event_adder(family) for family in FAMILIES},
            stats_topic(prefix): self._add_stats,
            **{dead_letter_topic(group, prefix): _add_letter for group in LETTER_GROUPS},
        }
        self._letter_topics = {dead_letter_topic(group, prefix) for group in LETTER_GROUPS}

    def has_letters(self, topic: str) -> bool:
        """Return whether a topic holds dead letters: they are never buried again."""
        return topic in self._letter_topics

    def add(self, batch: Batch, record: FetchedRecord) -> None:
        """Add the rows of a record.

        Raises PoisonRecord for a record that can never be read, BackendUnavailable when the registry must be asked
        and does not answer.
        """
        self._adders[record.topic](batch, record)

    def _event_adder(self, family: Family) -> Callable[[Batch, FetchedRecord], None]:
        name, family_name = RECORD_OF_FAMILY[family], str(family)

        def add(batch: Batch, record: FetchedRecord) -> None:
            key = record.key
            if key is None:
                raise PoisonRecord(PoisonReason.NULL_KEY, "an event without a key belongs to no partition")
            event: dict[str, Any] = self._decode(name, record.value)
            check_record(event, key, family_name)
            add_event(batch, event, Origin(family, record.headers, key, record.position))

        return add

    def _add_stats(self, batch: Batch, record: FetchedRecord) -> None:
        # A tombstone says that the statistics group has forgotten a task; the store has its own retention.
        if record.value is not None:
            stats = self._decode("TaskStats", record.value)
            batch.add_stats(stats["task_id"], stats_row(stats))


def _add_letter(batch: Batch, record: FetchedRecord) -> None:
    position = record.position
    batch.dead_letters[position] = letter_row(position, record.timestamp, record.key, record.value, record.headers)
