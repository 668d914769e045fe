"""The newest statistics of every task, as the stats topic tells them."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from tasker_consumers.kafka.offsets import TIMEOUT_S, watermarks
from tasker_consumers.kafka.standalone import poll_batch, standalone_settings
from tasker_schemas.avro.codec import Decoder

_BATCH = 500


class StatsView:
    """Follows the stats topic from its beginning; of each task the record with the highest revision counts."""

    def __init__(self, kafka: Mapping[str, str], topic: str) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self._decoder = Decoder()
        settings = standalone_settings(kafka, "tasker-demo")
        self._reader: Any = Consumer(settings)
        # Questions of the reader would wait behind its fetches, half a second each.
        self._asker: Any = Consumer(settings)
        partitions = self._asker.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
        self._places = [TopicPartition(topic, number, 0) for number in partitions]
        self._reader.assign(self._places)

    def update(self, wait_s: float) -> list[str]:
        """Take in what is there, waiting a little if nothing is; return the ids of the tasks with news."""
        changed: dict[str, None] = {}
        for message in poll_batch(self._reader, wait_s, _BATCH):
            if message.error() is None:
                stats = self._decoder.decode("TaskStats", message.value())
                known = self.tasks.get(stats["task_id"])
                if known is None or stats["revision"] >= known["revision"]:
                    self.tasks[stats["task_id"]] = stats
                    changed[stats["task_id"]] = None
        return list(changed)

    def complete(self) -> bool:
        """Return whether everything that is in the topic now has been taken in."""
        return all(self._taken_in(place) for place in self._reader.position(self._places))

    def close(self) -> None:
        """Let go of the connections."""
        self._reader.close()
        self._asker.close()

    def _taken_in(self, place: Any) -> bool:
        low, high = watermarks(self._asker, place)
        return bool(place.offset >= high or low == high)
