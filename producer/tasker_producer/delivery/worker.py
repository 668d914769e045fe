"""The delivery's own thread: it serves Kafka's client, replaces it when it has failed, and looks after the backlog."""

import time
from collections.abc import Callable

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import POLL_S, Client
from tasker_producer.delivery.drain import Drain
from tasker_producer.delivery.handovers import Handovers
from tasker_producer.delivery.host import native, process
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.outages import STALLED_S, TopicOutages
from tasker_schemas.errors import ConfigurationError

RENEW_S = 5.0  # between a client's failure and the next client: a fault of the cluster lasts for a while
_DOWN_S = 1.0
_PURGE_S = 1.0


class Worker:
    """Runs in a thread of the operating system, also where gevent or eventlet has patched Python's threads."""

    def __init__(
        self,
        backlog: Backlog,
        make_client: Callable[[], Client],
        brokers: str,
        drop_log: DropLog,
    ) -> None:
        self._backlog = backlog
        self._make_client = make_client
        self._drop_log = drop_log
        self._stop = native.Flag()
        self._finished = native.Flag()
        self._started = native.allocate_lock()
        self._next_client_at = 0.0
        self._empty_at = time.monotonic()
        self._progress: tuple[int, float] = (0, time.monotonic())
        self.client: Client | None = None
        #: The calls of publishing threads that use the client just now.
        self.handovers = Handovers()
        #: The topics of all events that they queued: nobody waits for another topic.
        self.topics: set[str] = set()
        self.outages = TopicOutages(backlog, brokers, drop_log)
        self._drain = Drain(backlog, self.outages, drop_log, self._stop)
        #: Whether this process sends events that come back no more.
        self.is_leaving = False

    def start(self) -> bool:
        """Start the thread, once; return whether it was started now."""
        if self._stop.is_set() or not self._started.acquire(blocking=False):
            return False
        try:
            native.start_thread(self._work)
        except RuntimeError as error:  # the process has no more threads to give: the next event tries again
            self._drop_log.log("thread", f"No thread can be started, events wait in memory: {error}")
            self._started.release()
            return False
        return True

    def undelivered(self) -> int:
        """Return how many events are undelivered."""
        client = self.client
        return self._drain.undelivered(client.queued() if client is not None else 0)

    def is_idle(self) -> bool:
        """Return whether nothing is left to deliver, neither of this process nor of dead ones."""
        return self._backlog.has_looked and not self._backlog.active and self.undelivered() == 0

    def has_sent(self) -> bool:
        """Return whether all is delivered that can be now: the other events wait for their topic."""
        return self._backlog.has_looked and not self._backlog.active and not (self.client and self.client.queued())

    def is_down(self) -> bool:
        """Return whether no broker is up, as far as Kafka's client knows."""
        return self.client is not None and self.client.down_for() > 0

    def stop(self, timeout: float) -> None:
        """End the thread, and wait for that at most `timeout` seconds.

        A thread that needs longer goes on as long as the process does, and counts each event where it ends.
        """
        self._stop.set()
        if self._started.acquire(blocking=False):  # it never ran
            self._finish()
        elif not native.wait_for(self._finished.is_set, timeout):
            return
        client, self.client = self.client, None
        if client is not None:
            client.free()

    def _work(self) -> None:
        """Look after the delivery until told to stop; whatever happens, it goes on."""
        while not self._stop.is_set():
            self._survive(self._turn)
            if not native.is_green():  # else the service's code would run outside of its hub
                self._drop_log.report()
        self._survive(self._finish)
        self._finished.set()

    def _survive(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  nobody restarts this thread
            self._drop_log.log("delivery", f"The delivery of events has met an error, and goes on: {error!r}")
            self._stop.wait(POLL_S)

    def _turn(self) -> None:
        """Hear failure reports and librdkafka's log lines for a moment, and look after the backlog."""
        client = self.client or self._first_client()
        if client is None:
            self._backlog.store()
            self._stop.wait(POLL_S)
            return
        self._watch_progress(client)
        self.outages.resume_due(client)
        self._drain.run(client)
        client.serve(POLL_S)
        if client.failed():
            self._renew(client)

    def _first_client(self) -> Client | None:
        """Make this process's client, and try again every few seconds: a certificate may just be being replaced."""
        if time.monotonic() < self._next_client_at:
            return None
        self._next_client_at = time.monotonic() + RENEW_S
        try:
            with process.no_fork:
                client = self._make_client()
        except ConfigurationError as error:
            self._drop_log.log("client", str(error))
            return None
        self._backlog.active = True  # earlier events go first
        self.client = client
        return client

    def _watch_progress(self, client: Client) -> None:
        """Bring queued events to disk when none of them leaves for seconds, or when some came back."""
        if self._backlog.disk is None or self._drain.is_sending or client.failed():
            return
        queued, now = client.queued(), time.monotonic()
        settled = self.handovers.produced.value() - queued
        if settled > self._progress[0] or not queued:
            if settled > self._progress[0]:
                client.note_up()
            self._progress = (settled, now)
        if not queued:
            self._empty_at = now
            return
        stalled_for = now - self._progress[1]
        is_stalled = stalled_for > STALLED_S or (stalled_for > _DOWN_S and client.down_for() > _DOWN_S)
        if is_stalled or self._backlog.has_returned or self._has_leaderless(client):
            self._retreat(client)

    def _has_leaderless(self, client: Client) -> bool:
        """Return whether events may stand in the queue among others that leave, because their topic has no leader."""
        return time.monotonic() > self._empty_at + STALLED_S and self.outages.pause_leaderless(client, self.topics)

    def _retreat(self, client: Client) -> None:
        """Take back all that is queued, in its order, and let everything new wait behind it."""
        self._hold_new_events()
        client.take_back()
        self._drain.conclude()

    def _hold_new_events(self) -> None:
        """Let new events wait in the backlog; none is on its way to the client afterwards."""
        self._backlog.active = True
        self.handovers.wait()

    def _renew(self, client: Client) -> None:
        """Replace a client that has failed, after a while, once nothing is in it any more."""
        if time.monotonic() < client.failed_at + RENEW_S:
            return
        self._hold_new_events()  # those that come back go first
        client.purge()
        if client.flush(_PURGE_S):
            return
        try:
            with process.no_fork:
                successor = self._make_client()
        except ConfigurationError as error:  # such as a certificate that is just being replaced
            self._drop_log.log("client", str(error))
            client.failed_at = time.monotonic()
            return
        self.handovers.produced.reset()
        self.client = successor
        client.free()
        self._progress = (0, time.monotonic())

    def _finish(self) -> None:
        """Bring all undelivered events to disk."""
        self.is_leaving = True
        client = self.client
        if client is not None and client.queued():  # more than events: librdkafka's own reports too
            client.purge()
            queued = client.queued() + 1
            while 0 < client.queued() < queued:  # as long as some come back
                queued = client.queued()
                client.flush(_PURGE_S)
        self._drain.close(settled=client is None or not client.queued())
