"""The calls that hand an event to Kafka's client just now.

A lock around such a call would make publishing threads wait for each other: librdkafka lets other threads run amid it,
each of them stands before the lock then, and every event costs several changes of threads. So a call only notes that it
runs. Whoever replaces or empties the client first changes the state that each call looks at after its note, and then
waits for the calls that began before: any later call has seen the new state.
"""

import time

from tasker_producer.delivery.host import native
from tasker_producer.delivery.host.ticket_counter import TicketCounter
from tasker_producer.delivery.returned import next_number

_PAUSE_S = 0.0005


class Handovers:
    """Notes and counts these calls.

    >>> handovers = Handovers()
    >>> handovers.running[next_number()] = native.get_ident()
    >>> handovers.wait()  # the present thread, which may run a signal handler amid its call, does not wait for itself
    >>> len(handovers.running)
    1
    """

    def __init__(self) -> None:
        #: The number of each running call's event, and the thread that runs the call.
        self.running: dict[int, int] = {}
        #: How many events this process was given.
        self.sent = TicketCounter()
        #: How many of them the present client took.
        self.produced = TicketCounter()

    def wait(self, longest_s: float = 5.0) -> None:
        """Wait for the end of the calls that run in other threads.

        A call takes microseconds. One that does not end, because an exception from outside broke into it, is forgotten
        after `longest_s` seconds.
        """
        number, end = next_number(), time.monotonic() + longest_s
        while earlier := self._calls_before(number):
            if time.monotonic() > end:
                for cut in earlier:
                    self.running.pop(cut, None)
                return
            native.sleep(_PAUSE_S)

    def _calls_before(self, number: int) -> list[int]:
        """Return the numbers of the calls of other threads that began before a number was drawn."""
        me = native.get_ident()
        return [call for call, thread in list(self.running.items()) if call < number and thread != me]
