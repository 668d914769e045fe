"""The pure part of replay: which records, which partition, which moment, which marks."""

from datetime import UTC, datetime
from io import StringIO

import pytest

from tasker_consumers.kafka.partitioner import murmur2, partition_of
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.select import Selection
from tasker_consumers.replay.sinks.json_lines import family_of_topic, write_json_lines
from tasker_consumers.replay.sinks.topic import check_target, stamped
from tasker_consumers.times import read_moment
from tasker_schemas.avro.codec import encode
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def a_record(**changes: object) -> StoredRecord:
    values: dict[str, object] = {
        "topic": "tasker.events.step",
        "partition": 1,
        "offset": 7,
        "timestamp": 1000,
        "key": b"42",
        "value": b"x",
        "headers": (("ce_type", b"step.failed"),),
    }
    return StoredRecord(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "hashed"), [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)]
)
def test_murmur2_gives_the_values_that_kafka_itself_tests(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


def test_a_partition_is_always_within_the_topic() -> None:
    assert {partition_of(str(number).encode(), 6) for number in range(200)} == set(range(6))


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(task_id="42"), True),
        (Selection(task_id="4"), False),
        (Selection(since=1000), True),
        (Selection(since=1001), False),
        (Selection(until=1000), False),
        (Selection(until=1001), True),
        (Selection(names=frozenset({"step.failed"})), True),
        (Selection(names=frozenset({"step.completed"})), False),
    ],
)
def test_a_selection_takes_what_it_asks_for(selection: Selection, wanted: bool) -> None:
    assert selection.matches(a_record()) is wanted


def test_a_record_without_time_is_in_no_time_range() -> None:
    assert not Selection(since=0).matches(a_record(timestamp=None))
    assert Selection().matches(a_record(timestamp=None))


def test_names_decide_which_topics_are_read() -> None:
    names = frozenset({"step.failed", "order.shipped"})
    assert Selection(names=names).topics("shop") == ("shop.events.custom", "shop.events.step")


def test_an_empty_time_range_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--since must be before --until"):
        Selection(since=5, until=5)


def test_a_name_of_a_family_that_is_left_out_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'step\.failed' is of a family that is left out"):
        Selection(families=frozenset({Family.TASK}), names=frozenset({"step.failed"}))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T11:00", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("2026-01-31T12:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("90m", datetime(2026, 1, 31, 10, 30, tzinfo=UTC)),
        ("1.5d", datetime(2026, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_or_a_time_ago(text: str, moment: datetime) -> None:
    assert read_moment(text, NOW) == moment.timestamp() * 1000


@pytest.mark.parametrize("text", ["yesterday", "", "5 weeks", "2026-13-01"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="is no time; write"):
        read_moment(text, NOW)


def test_a_replayed_record_says_where_it_first_came_from() -> None:
    once = stamped(a_record(), "first")
    again = stamped(a_record(topic="copy", headers=tuple(once)), "second")
    assert dict(once) == {
        "ce_type": b"step.failed",
        "tasker-origin": b"tasker.events.step/1/7",
        "tasker-replay": b"first",
    }
    assert dict(again) == dict(once) | {"tasker-replay": b"second"}


def test_a_live_topic_is_refused_unless_allowed() -> None:
    steps = Selection(families=frozenset({Family.STEP}))
    with pytest.raises(UsageError, match="read by live consumers; add --allow-live"):
        check_target("tasker.events.step", steps, "tasker", allow_live=False)
    check_target("tasker.events.step", steps, "tasker", allow_live=True)
    check_target("somewhere.else", Selection(), "tasker", allow_live=False)


def test_a_live_topic_takes_only_its_own_records() -> None:
    with pytest.raises(UsageError, match="narrow the selection with --family"):
        check_target("tasker.events.step", Selection(), "tasker", allow_live=True)


def test_poison_is_shown_and_counted_not_raised() -> None:
    out = StringIO()
    value = encode(
        "StepEvent", {"event_id": "e", "event_name": "step.failed", "timestamp": 1, "task_id": "42", "step_id": "s"}
    )
    written = write_json_lines([a_record(value=b"junk"), a_record(value=value)], out)
    poison, event = out.getvalue().splitlines()
    assert (written.records, written.poison) == (2, 1)
    assert '"poison": "bad_magic' in poison
    assert '"event_name": "step.failed"' in event


def test_topics_of_any_prefix_tell_their_family() -> None:
    assert family_of_topic("eu.shop.events.observability") is Family.OBSERVABILITY
    assert family_of_topic("tasker.dlq.stats") is None
