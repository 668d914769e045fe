"""A publish call taken apart: names, payloads, contexts."""

from enum import Enum, StrEnum
from typing import Any

import pytest

from tasker_producer import UsageError
from tasker_producer.record.arguments import combined_attributes, event_name, read_payload
from tasker_producer.record.misuse import Misuse
from tests.support.producer.hostile import Liar, Locked

STRICT = Misuse(strict=True)


class Plain(Enum):
    PAID = "order.paid"


class Text(StrEnum):
    PAID = "order.paid"


@pytest.mark.parametrize("kind", [Plain, Text])
def test_a_name_is_plain_text_whatever_enumeration_holds_it(kind: Any) -> None:
    assert type(event_name(kind.PAID, STRICT)) is str
    assert event_name(Liar("order.paid"), STRICT) == "order.paid"


@pytest.mark.parametrize("name", ["Task.Completed", "STEP.FAILED", "Workflow.No_Viable_Steps", "task.Completed"])
def test_names_of_the_catalogue_are_reserved_in_any_case_of_letters(name: str) -> None:
    with pytest.raises(UsageError, match="lower case"):
        event_name(name, STRICT)
    assert event_name(name, STRICT.lenient) == name.lower()


def test_a_custom_name_keeps_its_letters() -> None:
    assert event_name("Order.Paid", STRICT) == "Order.Paid"


def test_a_custom_payload_is_attributes_but_for_its_identity() -> None:
    call = read_payload("order.paid", {"task_id": 1, "timestamp": 5, "amount": 2})
    assert call.fields == {"task_id": 1, "attributes": {"timestamp": 5, "amount": 2}}


def test_a_payload_of_the_catalogue_holds_fields_options_and_context() -> None:
    payload = {"task_id": 1, "timestamp": 5, "event_id": "e", "additional_context": {"a": 1}}
    call = read_payload("task.completed", payload)
    assert (call.fields, call.context) == ({"task_id": 1}, {"a": 1})
    assert (call.options.timestamp, call.options.event_id) == (5, "e")


def test_what_is_beside_the_fields_of_a_free_event_is_context() -> None:
    call = read_payload("workflow.task_state_unclear", {"task_id": 1, "guess": "stuck", "additional_context": {"a": 1}})
    assert (call.fields, call.context) == ({"task_id": 1}, {"guess": "stuck", "a": 1})


def test_a_context_that_cannot_be_read_leaves_the_other_one() -> None:
    assert combined_attributes({"a": 1}, Locked(b=2), STRICT.lenient) == {"a": 1}
    assert combined_attributes(5, {"b": 2}, STRICT.lenient) == {"b": 2}
    assert combined_attributes(None, None, STRICT) is None
    for wrong in (Locked(b=2), 5):
        with pytest.raises(UsageError):
            combined_attributes({"a": 1}, wrong, STRICT)
