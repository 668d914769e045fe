"""Whose event it is: its own identity, its task and step, the block around it."""

from typing import Any

import pytest

from tasker_producer.record.arguments import Options
from tasker_producer.record.building.occurrence import Subject, inherited_fields, occurrence_of, subject_of
from tasker_producer.record.misuse import Misuse
from tasker_producer.trace.current import CurrentBlock
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import Family

STRICT = Misuse(strict=True)
BLOCK = CurrentBlock("1", "order", "c", TraceHeaders(), "pay", "charge", 2)


@pytest.mark.parametrize(
    ("fields", "inherited"),
    [
        ({}, {"task_id": "1", "step_id": "pay", "attempt_number": 2}),
        ({"task_id": 1}, {"task_id": 1, "step_id": "pay", "attempt_number": 2}),
        ({"task_id": None, "step_id": None}, {"task_id": "1", "step_id": "pay"}),
        ({"step_id": "ship"}, {"task_id": "1", "step_id": "ship", "attempt_number": None}),
        ({"task_id": 2}, {"task_id": 2, "step_id": None, "task_name": None}),
        ({"attempt_number": 7}, {"step_id": "pay", "attempt_number": 7}),
    ],
)
def test_an_event_inherits_from_the_block_what_it_does_not_say(
    fields: dict[str, Any], inherited: dict[str, Any]
) -> None:
    completed = inherited_fields(Family.STEP, fields, BLOCK)
    assert {name: completed.get(name) for name in inherited} == inherited


def test_an_event_of_another_family_inherits_the_task_alone() -> None:
    assert "step_id" not in inherited_fields(Family.TASK, {}, BLOCK)


@pytest.mark.parametrize(
    ("family", "fields", "message"),
    [
        (Family.TASK, {}, "task_id is missing"),
        (Family.STEP, {"task_id": 1}, "step_id is missing"),
        (Family.STEP, {"task_id": 1, "step_id": "s", "attempt_number": 0}, "counts from 1"),
        (Family.STEP, {"task_id": 1, "step_id": "s", "attempt_number": "2"}, "whole number"),
    ],
)
def test_an_event_without_a_subject_is_refused(family: Family, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        subject_of(family, fields, STRICT)


def test_an_event_of_a_step_is_about_its_first_attempt_unless_it_says_more() -> None:
    assert subject_of(Family.STEP, {"task_id": 1, "step_id": 2}, STRICT) == Subject("1", "2", 1)
    assert subject_of(Family.CUSTOM, {}, STRICT) == Subject(None, None, None)


def test_an_occurrence_has_a_fresh_id_and_the_present_moment() -> None:
    first, second = occurrence_of(Options(), STRICT), occurrence_of(Options(event_type="paid", event_id=5), STRICT)
    assert first.event_id != second.event_id == "5"
    assert (first.event_type, second.event_type) == (None, "paid")
    assert first.timestamp <= second.timestamp
