"""Service, version and correlation id of the newest tasks, from task events: statistics have none of them."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import TopicPartition

from tasker_consumers.kafka.standalone import poll_batch
from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import open_source, stored_record
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.web.sources.live.follower import Follower
from tasker_consumers.web.views.task_list import TaskFacts
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.errors import PoisonRecord, TaskerEventsError
from tasker_schemas.names import Family

#: Tasks whose facts are kept, and how far back they are read at the start.
CAPACITY, _BACK_MS = 50_000, 86_400_000
_WAIT_S, _PAUSE_S = 0.5, 5.0

logger = logging.getLogger(__name__)


class LiveFacts:
    """Follows the task events in the thread of a `follower`; `note` gets the time of each (microseconds)."""

    def __init__(
        self,
        kafka: Mapping[str, str],
        prefix: str,
        lookup: SchemaLookup | None = None,
        note: Callable[[int], None] = lambda _: None,
        capacity: int = CAPACITY,
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._lookup = lookup
        self._capacity = capacity
        self._facts: OrderedDict[str, TaskFacts] = OrderedDict()
        self._lock = threading.Lock()
        self._note = note
        self.follower = Follower("task-facts", self._follow, _fail, [_PAUSE_S])

    def of_tasks(self, task_ids: list[str]) -> dict[str, TaskFacts]:
        """Return the facts of those tasks that are in memory."""
        with self._lock:
            return {task_id: self._facts[task_id] for task_id in task_ids if task_id in self._facts}

    def correlated(self, correlation_id: str, limit: int = 50) -> list[str]:
        """Return the newest tasks with a correlation id."""
        with self._lock:
            matching = [task_id for task_id, facts in self._facts.items() if facts.correlation_id == correlation_id]
        return matching[: -limit - 1 : -1]

    def learn(self, event: Mapping[str, Any]) -> None:
        """Keep the facts that a task event has; those that it lacks stay as they were."""
        task_id = event["task_id"]
        self._note(event["timestamp"])
        with self._lock:
            former = self._facts.get(task_id, TaskFacts())
            self._facts[task_id] = TaskFacts(
                event["service"] or former.service,
                event["service_version"] or former.version,
                event["correlation_id"] or former.correlation_id,
            )
            self._facts.move_to_end(task_id)
            while len(self._facts) > self._capacity:
                self._facts.popitem(last=False)

    def _follow(self) -> None:
        decoder = Decoder(self._lookup)
        selection = Selection(families=frozenset({Family.TASK}), since=time.time_ns() // 1_000_000 - _BACK_MS)
        with open_source(self._kafka) as planner:
            spans = Plan(planner, self._kafka, selection, self._prefix).partitions()
        with open_source(self._kafka) as consumer:
            consumer.assign([TopicPartition(span.topic, span.partition, span.start) for span in spans])
            while not self.follower.is_ending:
                for message in poll_batch(consumer, _WAIT_S):
                    if message.error() is None:
                        self._take(message, decoder)

    def _take(self, message: Any, decoder: Decoder) -> None:
        try:
            self.learn(decode(stored_record(message), decoder))
        except PoisonRecord:
            return


def _fail(error: Exception) -> None:
    if isinstance(error, TaskerEventsError):
        logger.info("Services and versions of tasks are not read: %s", error)
    else:  # a page without versions is better than none
        logger.error("Services and versions of tasks cannot be read", exc_info=error)
