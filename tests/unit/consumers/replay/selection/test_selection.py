"""Which records a selection takes, and how far it opens them for that."""

from typing import Any

import pytest

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Matcher, Selection
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family
from tests.support.replay_records import a_record

DECODER = Decoder()


def matcher(**conditions: Any) -> Matcher:
    return Matcher(Selection(**conditions), lambda record: decode(record, DECODER))


def closed(_record: StoredRecord) -> dict[str, Any]:
    raise AssertionError("the payload was opened")


CONDITIONS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"task_id": "42"}, True),
    ({"task_id": "4"}, False),
    ({"since": 1000}, True),
    ({"since": 1001}, False),
    ({"until": 1000}, False),
    ({"until": 1001}, True),
    ({"events": ("step.failed",)}, True),
    ({"events": ("step.*",)}, True),
    ({"events": ("*.failed", "order.*")}, True),
    ({"events": ("step.completed",)}, False),
    ({"errors_only": True}, True),
    ({"services": frozenset({"shop", "bank"})}, True),
    ({"services": frozenset({"bank"})}, False),
    ({"trace_id": "a" * 32}, True),
    ({"trace_id": "b" * 32}, False),
    ({"headers": (("ce_source", "shop"),)}, True),
    ({"headers": (("ce_source", "bank"),)}, False),
]
IN_PAYLOAD: list[tuple[dict[str, Any], bool]] = [
    ({"step_names": frozenset({"charge_card"})}, True),
    ({"step_names": frozenset({"ship"})}, False),
    ({"correlation_id": "c-1"}, True),
    ({"correlation_id": "c"}, False),
    ({"versions": frozenset({"1.4"})}, False),
    ({"happened_after": 5_000_000}, True),
    ({"happened_after": 5_000_001}, False),
    ({"happened_before": 5_000_000}, False),
    ({"happened_before": 5_000_001}, True),
]


@pytest.mark.parametrize(("conditions", "expected"), CONDITIONS + IN_PAYLOAD)
def test_a_record_has_to_meet_each_condition(conditions: dict[str, Any], expected: bool) -> None:
    assert matcher(**conditions).matches(a_record()) is expected


@pytest.mark.parametrize(("conditions", "expected"), CONDITIONS)
def test_conditions_on_key_time_and_headers_leave_the_payload_closed(
    conditions: dict[str, Any], expected: bool
) -> None:
    assert Matcher(Selection(**conditions), closed).matches(a_record()) is expected


@pytest.mark.parametrize(("conditions", "expected"), CONDITIONS + IN_PAYLOAD)
def test_without_headers_the_payload_decides(conditions: dict[str, Any], expected: bool) -> None:
    bare = a_record(headers=())
    from_headers_only = "headers" in conditions or "trace_id" in conditions
    assert matcher(**conditions).matches(bare) is (expected and not from_headers_only)


def test_the_events_own_time_is_in_its_header() -> None:
    record = a_record(headers=(("ce_time", b"2026-01-31T12:00:00.000001Z"),))
    moment = 1_769_860_800_000_001
    assert Matcher(Selection(happened_after=moment), closed).matches(record)
    assert not Matcher(Selection(happened_before=moment), closed).matches(record)


def test_an_unreadable_record_matches_no_question_to_its_payload_and_is_counted() -> None:
    asking = matcher(correlation_id="c-1")
    assert not asking.matches(a_record(value=b"junk"))
    assert asking.unreadable == 1
    assert matcher(events=("step.failed",)).matches(a_record(value=b"junk"))


def test_a_record_without_time_is_in_no_time_range() -> None:
    assert not matcher(since=0).matches(a_record(timestamp=None))
    assert matcher().matches(a_record(timestamp=None))


@pytest.mark.parametrize(
    ("events", "topics"),
    [
        (("step.failed", "order.shipped"), ("shop.events.custom", "shop.events.step")),
        (("step.*",), ("shop.events.step",)),
        (("*.failed",), tuple(sorted(f"shop.events.{family}" for family in Family))),
    ],
)
def test_names_and_patterns_decide_which_topics_are_read(events: tuple[str, ...], topics: tuple[str, ...]) -> None:
    assert Selection(events=events).topics("shop") == topics


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"since": 5, "until": 5}, "--since must be before --until"),
        ({"happened_after": 5, "happened_before": 4}, "--happened-after must be before --happened-before"),
        ({"families": frozenset({Family.TASK}), "events": ("step.failed",)}, "is of a family that is left out"),
        ({"events": ("step.complete",)}, "did you mean 'step.completed'"),
        ({"events": ("step.zzz*",)}, "no event matches 'step.zzz\\*'; there are step.before_handle"),
        ({"events": ("",)}, "an event's name is empty"),
    ],
)
def test_conditions_that_no_record_can_meet_are_a_usage_error(conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Selection(**conditions)
