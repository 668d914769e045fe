"""A delivery that is switched off counts each event under its reason and has nothing to wait for."""

import pytest

from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_producer.delivery.off import NoDelivery


@pytest.mark.parametrize("reason", [Drop.DISABLED, Drop.NO_BROKER])
def test_each_event_is_counted_as_dropped_for_the_reason(reason: Drop) -> None:
    delivery = NoDelivery(reason, DropLog())
    for _ in range(3):
        delivery.send("topic", b"key", b"value", [])
    stats = delivery.stats()
    assert (stats["published"], stats["dropped"], stats[f"dropped_{reason}"]) == (3, 3, 3)
    assert delivery.flush(60) == delivery.close(60) == 0


def test_a_forked_child_counts_its_events_alone() -> None:
    delivery = NoDelivery(Drop.DISABLED, DropLog())
    delivery.send("topic", b"key", b"value", [])
    delivery.after_fork()
    delivery.send("topic", b"key", b"value", [])
    assert (delivery.stats()["published"], delivery.stats()["dropped"]) == (1, 1)
