"""Dataclasses and models of pydantic as custom events: payloads, and descriptions of events."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from tasker_producer import UsageError
from tasker_producer.record.event_classes import attributes_of_class, fields_of_object
from tasker_producer.testing import RecordingPublisher


@dataclass
class Card:
    number: str
    password: str = "hunter2"


@dataclass(slots=True, frozen=True)
class OrderPaid:
    amount: float
    card: Card
    note: str | None = None
    items: list[str] = field(default_factory=list)


class OrderShipped(BaseModel):
    model_config = ConfigDict(extra="allow")

    carrier: Literal["post", "bike"]
    weight_kg: Annotated[float, "kg"]
    note: Optional[str] = None  # noqa: UP045  the older notation is the case
    pin: SecretStr = SecretStr("0000")


class Broken(BaseModel):
    amount: float

    def __getattribute__(self, name: str) -> Any:
        if name == "amount":
            raise RuntimeError("no amount")
        return super().__getattribute__(name)


def test_a_dataclass_is_a_payload_and_what_it_holds_is_masked() -> None:
    publisher = RecordingPublisher()
    publisher.publish_event("order.paid", OrderPaid(12.5, Card("4111")))
    attributes = publisher.assert_published("order.paid").fields["attributes"]
    assert attributes["amount"] == 12.5
    assert attributes["card"] == '{"number":"4111","password":"[FILTERED]"}'


def test_a_model_of_pydantic_is_a_payload_with_its_extra_fields_and_without_its_secrets() -> None:
    publisher = RecordingPublisher()
    publisher.publish_event("order.shipped", OrderShipped(carrier="post", weight_kg=2, box=7))  # type: ignore[call-arg]
    attributes = publisher.assert_published("order.shipped").fields["attributes"]
    assert (attributes["carrier"], attributes["weight_kg"], attributes["box"]) == ("post", 2.0, 7)
    assert "0000" not in str(attributes)


def test_an_event_is_described_by_its_class() -> None:
    publisher = RecordingPublisher()
    publisher.register_event("order.paid", "Money has arrived", OrderPaid)
    publisher.publish_event("order.paid", OrderPaid(12, Card("4111")))
    publisher.publish_event("order.paid", {"amount": 12, "card": Card("4111")})
    with pytest.raises(UsageError, match=r"order\.paid: amount is float, not str"):
        publisher.publish_event("order.paid", {"amount": "much", "card": Card("4111")})
    with pytest.raises(UsageError, match=r"order\.paid: card is missing"):
        publisher.publish_event("order.paid", {"amount": 1.0})


def test_the_types_of_a_model_are_those_that_a_value_can_be_checked_against() -> None:
    found = attributes_of_class(OrderShipped)
    assert found == {"carrier": object, "weight_kg": float, "note": str | None, "pin": SecretStr | None}


def test_a_payload_of_another_class_is_refused_and_one_whose_code_fails_is_reported() -> None:
    with pytest.raises(UsageError, match="payload is a mapping, a dataclass or a model of pydantic, not object"):
        RecordingPublisher().publish_event("order.paid", object())
    with pytest.raises(UsageError, match="its own code raised RuntimeError"):
        RecordingPublisher().publish_event("order.paid", Broken(amount=1))


def test_context_may_be_a_dataclass_too() -> None:
    publisher = RecordingPublisher()
    publisher.publish_task_started({"id": 1}, additional_context=Card("4111"))  # type: ignore[arg-type]
    publisher.assert_published("task.start_requested", number="4111", password="[FILTERED]")


def test_a_class_that_is_neither_has_no_fields() -> None:
    assert attributes_of_class(dict) == {}
    assert fields_of_object(OrderPaid) is None
