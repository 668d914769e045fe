"""The headers of replayed records: marks, what goes along, and what was published already."""

from collections import Counter

from tasker_consumers.replay.sinks.headers import (
    ALL_HEADERS,
    EVENT_HEADERS,
    HeaderRule,
    published_origins,
    without_published,
)
from tests.support.replay_records import a_record


def test_a_replayed_record_says_where_it_first_came_from() -> None:
    first = a_record(headers=(("ce_type", b"step.failed"),))
    once = ALL_HEADERS.stamped(first, "first")
    again = ALL_HEADERS.stamped(a_record(topic="copy", headers=tuple(once)), "second")
    assert dict(once) == {
        "ce_type": b"step.failed",
        "tasker-origin": b"tasker.events.step/1/7",
        "tasker-replay": b"first",
    }
    assert dict(again) == dict(once) | {"tasker-replay": b"second"}


def test_dropped_headers_stay_behind_and_to_another_cluster_only_known_ones_go() -> None:
    record = a_record(headers=(("ce_type", b"step.failed"), ("replicated-from", b"east"), ("ce_time", b"now")))
    dropping, foreign = HeaderRule(frozenset({"ce_time"})), HeaderRule(allowed=EVENT_HEADERS)
    assert [name for name, _ in dropping.stamped(record, "r")] == [
        "ce_type", "replicated-from", "tasker-origin", "tasker-replay",
    ]  # fmt: skip
    assert [name for name, _ in foreign.stamped(record, "r")] == [
        "ce_type",
        "ce_time",
        "tasker-origin",
        "tasker-replay",
    ]
    named = HeaderRule(allowed=EVENT_HEADERS | {"replicated-from"})
    assert ("replicated-from", b"east") in named.stamped(record, "r")


def test_a_resumed_replay_leaves_out_what_it_published_once_for_each() -> None:
    records = [a_record(offset=offset) for offset in range(5)]
    target = [
        a_record(topic="copies", offset=number, headers=tuple(ALL_HEADERS.stamped(record, "replay-1")))
        for number, record in enumerate([records[0], records[3], records[1]])
    ]
    published = published_origins(
        [*target, a_record(topic="copies", headers=(("tasker-replay", b"other"),))], "replay-1"
    )
    assert published.total() == 3
    assert list(without_published(records, published)) == [records[2], records[4]]
    # A copy in the same topic has the origin of its source: each is left out as often as it was published.
    twice = [records[0], a_record(offset=9, headers=tuple(ALL_HEADERS.stamped(records[0], "earlier")))]
    assert list(without_published(twice, Counter({records[0].origin: 1}))) == twice[1:]
