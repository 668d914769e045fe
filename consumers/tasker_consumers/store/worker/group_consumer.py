"""The member of the consumer group: which partitions it holds, from where it reads them, and records as values.

Offsets are the database's: at every assignment reading begins where the tables end. Those in Kafka are committed for
people and tools that look at the group's lag, and decide nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from tasker_consumers.kafka.access import AccessErrors
from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.kafka.standalone import poll_batch
from tasker_consumers.kafka.topic_identity import topic_identity
from tasker_consumers.store.core.batch import Partition
from tasker_consumers.store.core.records import FetchedRecord, source_topics
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.statistics import ClientStatistics, read_statistics
from tasker_consumers.store.writing.writer import StoredPosition
from tasker_schemas.errors import BackendUnavailable

STATISTICS_S = 1
_A_DAY_MS = 24 * 3600 * 1000
#: Fetched records that may wait for the database.
_QUEUE_KIB = 48 << 10

logger = logging.getLogger(__name__)


class GroupConsumer:
    """A member of the store's group. A single thread at a time calls its methods, which block."""

    def __init__(self, settings: StoreSettings) -> None:
        self._access = AccessErrors(settings.kafka)
        self._topics = source_topics(settings.prefix)
        self.statistics = ClientStatistics(connected=False, placed=False, lags={})
        #: When a broker was last connected, by the monotonic clock.
        self.connected_at = time.monotonic()
        #: Counts the rebalances: a batch of an earlier count is another worker's now.
        self.epoch = 0
        #: Partitions that were assigned and are not read yet: their offsets are to be looked up.
        self.unplaced: list[TopicPartition] = []
        self.assigned: set[Partition] = set()
        self._consumer: Any = Consumer(self._client_settings(settings))

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(list(self._topics), on_assign=self._on_assign, on_revoke=self._on_revoke)

    def poll(self, wait_s: float, limit: int) -> list[FetchedRecord]:
        """Wait up to `wait_s` for a record, and return those that are fetched, up to `limit`.

        Rebalances happen in here. Raises ConfigurationError when Kafka turns this worker away.
        """
        messages = poll_batch(self._consumer, wait_s, limit)
        records = []
        for message in messages:
            if message.error() is None:
                records.append(_record(message))
            elif message.error().retriable() or message.error().fatal() is False:
                logger.warning("Kafka: %s", message.error().str())
            else:
                raise KafkaException(message.error())
        return records

    def place(
        self, positions: Mapping[Partition, StoredPosition], topic_ids: Mapping[str, str]
    ) -> dict[Partition, int]:
        """Begin to read the assigned partitions where the database ends; return how many records expired unread.

        A topic that was made anew is read from its beginning.
        """
        starts, expired = [], {}
        for assigned in self.unplaced:
            key = Partition(assigned.topic, assigned.partition)
            stored = positions.get(key)
            if stored is not None and stored.topic_id != topic_ids[key.topic]:
                logger.warning("%s/%d is another topic than before: reading it from its beginning", *key)
                stored = None
            offset = OFFSET_BEGINNING if stored is None else stored.next_offset
            starts.append(TopicPartition(assigned.topic, assigned.partition, offset))
            if stored is not None:
                low = self._first_offset(assigned)
                if low > stored.next_offset:
                    expired[key] = low - stored.next_offset
        self._consumer.assign(starts)
        self._consumer.resume(starts)
        self.unplaced = []
        return expired

    def hold(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Take part in the group for a while without reading; ends early with a rebalance, or when `is_over`.

        What is fetched already waits in the client, and comes with the next poll.
        """
        epoch, until = self.epoch, time.monotonic() + seconds
        held = self._consumer.assignment()
        if held:
            self._consumer.pause(held)
        while time.monotonic() < until and epoch == self.epoch and not is_over():
            if self._consumer.poll(min(0.1, seconds)) is not None:  # it was on its way: read it again
                self.unplaced = self._consumer.assignment()
        if epoch == self.epoch and held and not self.unplaced:
            self._consumer.resume(held)

    def forget_place(self) -> None:
        """Have the partitions that are held placed again: what was fetched of them was let go."""
        if self.assigned and not self.unplaced:
            self.unplaced = self._consumer.assignment()

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Tell Kafka how far the database is; nobody waits for the answer."""
        offsets = [TopicPartition(*key, offset) for key, offset in positions.items() if key in self.assigned]
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def topic_ids(self, admin: Any) -> dict[str, str]:
        """Return which topic each name stands for."""
        return {topic: topic_identity(admin, topic) for topic in self._topics}

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def refusal(self) -> Exception | None:
        """Return why Kafka turned this worker away; None if it did not."""
        return self._access.refusal(self._consumer)

    def _first_offset(self, assigned: TopicPartition) -> int:
        try:
            return watermarks(self._consumer, assigned)[0]
        except KafkaException as error:
            raise BackendUnavailable(f"Kafka does not tell its offsets ({error.args[0].str()})") from error

    def _client_settings(self, settings: StoreSettings) -> dict[str, Any]:
        return {
            "log_level": 0,
            "queued.max.messages.kbytes": _QUEUE_KIB,
            **settings.kafka,
            "group.id": settings.group,
            "partition.assignment.strategy": "range",
            **({"group.instance.id": settings.group_instance_id} if settings.group_instance_id else {}),
            "session.timeout.ms": int(settings.session_timeout * 1000),
            "heartbeat.interval.ms": int(min(settings.session_timeout / 4, 2.5) * 1000),
            # A database may be away for as long as it likes: heartbeats show that this worker lives.
            "max.poll.interval.ms": _A_DAY_MS,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "statistics.interval.ms": STATISTICS_S * 1000,
            "stats_cb": self._on_statistics,
            "error_cb": self._access.hear,
        }

    def _on_assign(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        self.epoch += 1
        self.assigned = {Partition(assigned.topic, assigned.partition) for assigned in partitions}
        self.unplaced = partitions
        consumer.assign(partitions)
        if partitions:
            consumer.pause(partitions)

    def _on_revoke(self, consumer: Any, _partitions: list[TopicPartition]) -> None:
        self.epoch += 1
        self.assigned, self.unplaced = set(), []
        consumer.unassign()

    def _on_statistics(self, report: str) -> None:
        self.statistics = read_statistics(report)
        if self.statistics.connected:
            self.connected_at = time.monotonic()


def _record(message: Any) -> FetchedRecord:
    kind, timestamp = message.timestamp()
    return FetchedRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        timestamp if kind else -1,
        message.key(),
        message.value(),
        message.headers() or (),
    )
