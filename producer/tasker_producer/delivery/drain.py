"""The way from the backlog to Kafka: batch by batch, each forgotten only when all of it is settled."""

import threading
import time
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message

from tasker_producer.delivery.backlog import IN_MEMORY, Backlog
from tasker_producer.delivery.client import KEPT, Client, is_fatal
from tasker_producer.delivery.drops import Drop, DropLog
from tasker_producer.delivery.returned import event_name, returned
from tasker_producer.delivery.spool import SpooledRecord

_POLL_S = 0.1


class Drain:
    """Sends the events of one backlog; for the delivery's own thread."""

    def __init__(self, backlog: Backlog, drop_log: DropLog, stop: threading.Event) -> None:
        self._backlog = backlog
        self._drop_log = drop_log
        self._stop = stop
        self._batch: list[tuple[int, SpooledRecord]] = []
        self._kept: set[int] = set()  # of the batch; they are still on disk
        self._unsent: list[SpooledRecord] = []  # of the batch; nobody else has them

    def left(self, queued: int) -> int:
        """Return how many events are undelivered when the client has `queued`; those from disk are still there."""
        waiting = self._backlog.waiting + len(self._unsent)
        return waiting if self._from_disk() else waiting + queued

    def run(self, client: Client) -> None:
        """Bring what waits to disk, and send batch after batch while the queue empties: then the broker is there."""
        if self._backlog.active:
            self._backlog.store()
        while self._backlog.active and not client.queued() and not self._stop.is_set():
            self.conclude()
            if client.failed() or not self._backlog.active:
                return
            self._batch = self._backlog.next_batch()
            if not self._batch:
                return
            untaken = [entry for entry in self._batch if not self._taken(client, entry)]
            if self._from_disk():
                self._kept.update(number for number, _ in untaken)
            else:
                self._unsent = [record for _, record in untaken]
            while client.queued() and not client.failed() and not self._stop.is_set():
                client.flush(_POLL_S)
                self._backlog.store()
            if self._kept or self._unsent:
                return

    def conclude(self, *, settled: bool = True) -> None:
        """Forget what is delivered of the batch, and let what came back wait again.

        Unless all that was on its way is `settled`, a batch stays on disk as it is.
        """
        kept = self._kept if settled else {number for number, _ in self._batch}
        self._backlog.done(self._batch, kept, self._unsent)
        self._batch, self._kept, self._unsent = [], set(), []

    def close(self, *, settled: bool) -> int:
        """Leave on disk what waits; return how many events that are."""
        self.conclude(settled=settled)
        self._backlog.close()
        return self._backlog.waiting

    def _from_disk(self) -> bool:
        return bool(self._batch) and self._batch[0][0] != IN_MEMORY

    def _taken(self, client: Client, entry: tuple[int, SpooledRecord]) -> bool:
        """Queue an event when there is room; return whether it was taken care of before the end."""
        topic, key, value, headers = entry[1]
        while not self._stop.is_set():
            try:
                client.produce(topic, value, key, on_delivery=partial(self._settle, entry), headers=headers)
            except BufferError:
                client.serve(_POLL_S)
                self._backlog.store()
                continue
            except KafkaException as error:
                if is_fatal(error):
                    return False
                self._drop_log.drop(event_name(headers), Drop.REFUSED, str(error.args[0]))
            return True
        return False

    def _settle(self, entry: tuple[int, SpooledRecord], error: KafkaError, message: Message) -> None:
        """Hear of an event that could not be delivered."""
        heard = time.monotonic()
        number, record = entry
        if error.code() not in KEPT:
            self._drop_log.drop(event_name(record.headers), Drop.REFUSED, error.str())
        elif number == IN_MEMORY:
            self._backlog.give_back(returned(record, message, heard))
        else:
            self._kept.add(number)
