"""Without a broker, and with more events than fit: memory stays flat, the end keeps its time, the counts add up."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tasker_producer import EventPublisher, ProducerSettings
from tests.support.processes import eventually
from tests.support.scale import SCALE

pytestmark = pytest.mark.reliability

NOBODY = {"bootstrap.servers": "127.0.0.1:1"}
EVENTS = 13_500 * min(SCALE, 10)  # TEST_SCALE=10 publishes 135,000: more than queue and memory hold


def publish(publisher: EventPublisher, count: int) -> None:
    for number in range(count):
        publisher.publish_event("order.seen", {"number": number, "text": "x" * 100})


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(300 * SCALE)
def test_events_that_a_full_queue_refuses_leave_no_memory_behind() -> None:
    kafka = {**NOBODY, "queue.buffering.max.messages": "50"}
    publisher = EventPublisher(ProducerSettings(kafka=kafka, spool_max_bytes=0))
    publish(publisher, 10_000)
    before = resident_bytes()
    publish(publisher, 20_000 * SCALE)
    grown = resident_bytes() - before
    publisher.close(0)
    assert publisher.stats()["dropped"] == 10_000 + 20_000 * SCALE
    assert grown < 6_000_000 * SCALE  # the client's former leak was 500 bytes an event


@pytest.mark.timeout(300 * SCALE)
@pytest.mark.parametrize("keeps", [True, False], ids=["with a spool", "without"])
def test_an_end_with_many_events_counts_each_of_them_once(tmp_path: Path, keeps: bool) -> None:
    settings = ProducerSettings(kafka=NOBODY, spool_dir=tmp_path)
    publisher = EventPublisher(settings if keeps else replace(settings, spool_max_bytes=0))
    publish(publisher, EVENTS)
    left = publisher.close(1.0)
    counts = publisher.stats()
    assert counts["published"] == EVENTS
    assert counts["delivered"] == 0
    assert counts["queued"] + counts["spooled"] + counts["dropped"] == EVENTS
    assert left <= EVENTS
    # A thread that had not enough time goes on while this process lives, and counts the rest.
    assert eventually(lambda: publisher.stats()["queued"] == 0)
    counts = publisher.stats()
    assert counts["spooled"] + counts["dropped"] == EVENTS
