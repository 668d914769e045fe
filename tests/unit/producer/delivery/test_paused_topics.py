"""Topics whose events wait alone."""

from collections import Counter

from tasker_producer.delivery.paused_topics import PausedTopics


def test_a_topic_is_due_when_its_time_is_over_and_stays_paused_until_it_is_removed() -> None:
    times = iter([0.0, 1.0, 4.9, 5.0])
    paused = PausedTopics(clock=lambda: next(times))
    paused.add("orders", 5.0)
    paused.add("bills", 60.0)
    assert (paused.due(), paused.due()) == ([], ["orders"])
    assert paused.names() == ["orders", "bills"]
    paused.remove("orders")
    assert ("orders" in paused, "bills" in paused) == (False, True)


def test_only_events_of_other_topics_can_go_on() -> None:
    paused = PausedTopics(clock=lambda: 0.0)
    paused.add("orders", 5.0)
    assert not paused.has_others(Counter(orders=3, bills=0))
    assert paused.has_others(Counter(orders=3, bills=1))
