"""Topics that take no event for now: their events wait, the service's log says why, and the others go on."""

import time
from collections.abc import Collection

from confluent_kafka import KafkaError

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import Client
from tasker_producer.delivery.error_codes import MISSING_TOPIC, OUTAGE, verdict_of
from tasker_producer.delivery.host.drops import DropLog

RETRY_S = 5.0
STALLED_S = 2.5  # without progress: queued events go to disk


class TopicOutages:
    """Pauses topics, and resumes them when a broker says that they can be written."""

    def __init__(self, backlog: Backlog, brokers: str, drop_log: DropLog) -> None:
        self._backlog = backlog
        self._brokers = brokers
        self._drop_log = drop_log
        self._next_check = 0.0
        self._missing: set[str] = set()

    def note(self, topic: str, error: KafkaError) -> bool:
        """Return whether an event that this error stopped waits; pause its topic if that is the cause.

        Called from within librdkafka's reports, so it asks no broker.
        """
        verdict = verdict_of(error.code())
        if not verdict.keep:
            return False
        if error.code() in OUTAGE:
            return True
        self._backlog.paused.add(topic, RETRY_S)
        if error.code() in MISSING_TOPIC:
            self._missing.add(topic)
            self._tell(topic, "does not exist", verdict.remedy)
        else:
            self._tell(topic, f"refuses events ({error.str()})", verdict.remedy)
        return True

    def pause_leaderless(self, client: Client, topics: Collection[str]) -> bool:
        """Pause those topics that have a partition without a leader, while brokers are up; return whether any has.

        Asks at most every few seconds.
        """
        if client.down_for() or time.monotonic() < self._next_check:
            return False
        self._next_check = time.monotonic() + STALLED_S
        paused = False
        for topic in set(topics) - set(self._backlog.paused.names()):
            has_leaders = client.has_leaders(topic)
            if has_leaders is None:  # the brokers are away after all
                break
            if not has_leaders:
                paused = True
                self._backlog.paused.add(topic, RETRY_S)
                self._missing.add(topic)
                self._tell(topic, "does not exist, or has a partition without a leader,", "see tasker topics list")
        return paused

    def resume_due(self, client: Client) -> None:
        """Resume paused topics whose time has come, if a broker says that they can be written."""
        for topic in self._backlog.paused.due():
            if topic in self._missing and not client.has_leaders(topic):
                self._backlog.paused.add(topic, RETRY_S)
                continue
            self._missing.discard(topic)
            self._backlog.resume(topic)

    def _tell(self, topic: str, state: str, remedy: str) -> None:
        advice = f": {remedy}" if remedy else ""
        waiting = f"events wait, {self._backlog.waiting} so far"
        self._drop_log.log(f"topic {topic}", f"topic {topic} {state} at {self._brokers}{advice} ({waiting})")
