"""Events that librdkafka gave back, in the order in which they were sent.

It gives them back in pieces, the newest before older ones: what waits for a broker comes before what is on its way
there. Within a piece the order is right. It also says how old each event is, and the clock is read when that is heard,
which may be a moment late: another thread had its turn. So the moments put the pieces in order, and the order within a
piece puts the moments right.
"""

import threading
from collections.abc import Sequence
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from confluent_kafka import Message

from tasker_producer.delivery.spool import SpooledRecord


class Returned(NamedTuple):
    """One event that came back, where it was to go, and when it was sent, by the clock of time.monotonic()."""

    record: SpooledRecord
    partition: int
    sent: float
    thread: int  # that heard of it


def returned(record: SpooledRecord, message: Message, heard: float) -> Returned:
    """Return what librdkafka says of an event that it gives back, and what was heard of at the moment `heard`."""
    return Returned(record, message.partition(), heard - (message.latency() or 0.0), threading.get_ident())


def in_order(events: Sequence[Returned]) -> list[SpooledRecord]:
    """Return events, in the order of their coming back, in the order in which they were sent."""
    pieces: dict[tuple[int, str, int], list[list[Returned]]] = {}
    for event in events:
        of_place = pieces.setdefault((event.thread, event.record.topic, event.partition), [])
        if not of_place or event.sent < of_place[-1][0].sent:
            of_place.append([])
        of_place[-1].append(event)
    found: list[tuple[float, SpooledRecord]] = []
    for of_place in pieces.values():
        oldest_first = [event for piece in reversed(of_place) for event in piece]
        moments = accumulate((event.sent for event in reversed(oldest_first)), min)
        found += zip(reversed(list(moments)), (event.record for event in oldest_first), strict=True)
    return [record for _, record in sorted(found, key=itemgetter(0))]
