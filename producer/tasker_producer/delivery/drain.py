"""The way from the backlog to Kafka: batch by batch, each forgotten only when all of it is settled."""

import time
from collections import deque
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import POLL_S, Client, is_fatal
from tasker_producer.delivery.error_codes import verdict_of
from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_producer.delivery.host.native import Flag
from tasker_producer.delivery.outages import STALLED_S, TopicOutages
from tasker_producer.delivery.returned import Returned, all_headers, dropped_event, next_number
from tasker_producer.delivery.spool.disk import Batch
from tasker_producer.delivery.spool.rows import Entry, SpooledRecord
from tasker_schemas.errors import PoisonRecord

_STORE_AFTER_S = 0.3  # a batch leaves faster than that while a broker is up; else new events go to disk


class Drain:
    """Sends the events of a backlog; for the delivery's own thread."""

    def __init__(self, backlog: Backlog, outages: TopicOutages, drop_log: DropLog, stop: Flag) -> None:
        self._backlog = backlog
        self._outages = outages
        self._drop_log = drop_log
        self._stop = stop
        self._batch: Batch | None = None
        self._kept: set[int] = set()  # of the batch; they are still on disk
        self._unsent: deque[SpooledRecord] = deque()  # of the batch; nobody else has them

    def undelivered(self, queued: int) -> int:
        """Return how many events are undelivered when the client has `queued`; those from disk are still there."""
        waiting = self._backlog.waiting + len(self._unsent)
        return waiting if self._is_from_disk() else waiting + queued

    @property
    def is_sending(self) -> bool:
        """Whether a batch is on its way."""
        return self._batch is not None

    def run(self, client: Client) -> None:
        """Send batch after batch while the queue empties: a broker is up then. Else bring new events to disk."""
        backlog = self._backlog
        if not backlog.active and (client.queued() or client.failed() or not backlog.look()):
            backlog.store()  # of paused topics
            return
        if client.queued():
            backlog.store()
        while not client.queued() and not self._stop.is_set():
            self.conclude()
            if client.failed() or not self._send_batch(client):
                return
            self._wait(client)
            if self._kept or self._unsent or client.queued():
                return
            client.note_up()

    def conclude(self, *, settled: bool = True) -> None:
        """Forget the delivered events of the batch, and let those that came back wait again.

        Unless all that was on its way is `settled`, a batch stays on disk as it is.
        """
        undelivered = self._kept
        if not settled and self._batch is not None:
            undelivered = {number for number, _ in self._batch.entries}
        unsent, self._unsent = self._unsent, deque()
        self._backlog.done(self._batch, undelivered, unsent)
        self._batch, self._kept = None, set()

    def close(self, *, settled: bool) -> None:
        """Leave the waiting events on disk."""
        self.conclude(settled=settled)
        self._backlog.close()

    def _send_batch(self, client: Client) -> bool:
        """Queue the next batch; return whether any was waiting."""
        if not self._backlog.active:
            if not self._backlog.look():
                return False
            self._backlog.active = True  # during this batch: new events go beside those that dead processes left
        batch = self._backlog.next_batch()
        if batch is None:
            return False
        self._batch = batch
        if self._is_from_disk():
            self._kept.update([entry[0] for entry in batch.entries if not self._is_taken(client, entry)])
            return True
        self._unsent.extend(record for _, record in batch.entries)
        for entry in batch.entries:
            is_taken = self._is_taken(client, entry)
            self._unsent.popleft()
            if not is_taken:
                self._unsent.append(entry[1])
        return True

    def _wait(self, client: Client) -> None:
        """Wait until the batch has left; where it does not, see that nothing is in memory only for seconds."""
        begin = time.monotonic()
        while client.queued() and not client.failed() and not self._stop.is_set():
            client.flush(POLL_S)
            if time.monotonic() < begin + _STORE_AFTER_S:
                continue
            self._backlog.store()
            if time.monotonic() > begin + STALLED_S and (not self._is_from_disk() or self._is_leaderless(client)):
                client.take_back()
                return

    def _is_leaderless(self, client: Client) -> bool:
        topics = {record.topic for _, record in self._batch.entries} if self._batch is not None else set()
        return self._outages.pause_leaderless(client, topics)

    def _is_from_disk(self) -> bool:
        return self._batch is not None and self._batch.file is not None

    def _is_taken(self, client: Client, entry: Entry) -> bool:
        """Queue an event when there is room; return whether it was taken care of before the end."""
        record = entry[1]
        try:
            headers = all_headers(record)
        except (PoisonRecord, ValueError):
            self._drop_log.drop(dropped_event(record, Drop.DAMAGED), "a waiting event cannot be read")
            return True
        settle = partial(self._settle, entry, next_number())
        while not self._stop.is_set():
            try:
                client.produce(record.topic, record.value, record.key, on_delivery=settle, headers=headers)
            except BufferError:
                client.serve(POLL_S)
                self._backlog.store()
                continue
            except KafkaException as error:
                if is_fatal(error) or self._outages.note(record.topic, error.args[0]):
                    return False
                self._drop_log.drop(dropped_event(record, Drop.REFUSED), str(error.args[0]))
            return True
        return False

    def _settle(self, entry: Entry, number: int, error: KafkaError, _: Message) -> None:
        """Hear of an event, the `number`th that was handed over, that could not be delivered."""
        row, record = entry
        if not verdict_of(error.code()).keep:
            self._drop_log.drop(dropped_event(record, Drop.REFUSED), error.str())
            return
        self._outages.note(record.topic, error)
        if self._is_from_disk():
            self._kept.add(row)
        else:
            self._backlog.give_back(Returned(record, number))
