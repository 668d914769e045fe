"""One id is one text, through every entrance: record, key, `ce_subject`, span ids and lists of ids."""

import enum
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from tasker_producer import OnMisuse, ProducerSettings, UsageError
from tasker_producer.record.identifiers import identifier, is_boolean, text_identifier, whole_number
from tasker_producer.testing import PublishedEvent, RecordingPublisher
from tasker_schemas.identity import step_span_id
from tests.support.producer.hostile import Liar, Number


class Step(str, enum.Enum):  # noqa: UP042  the older form is the point: its text is `Step.FETCH`
    FETCH = "fetch_cart"
    CHARGE = "charge_card"


class Order(enum.Enum):
    A = "order-1"


class Number7(int, enum.Enum):
    SEVEN = 7


@dataclass
class Holder:
    id: str
    password: str = "hunter2"


class Text(str):
    __slots__ = ()


UUID_7 = UUID(int=7)
IDS: list[tuple[Any, str]] = [
    ("t", "t"), (42, "42"), (UUID_7, str(UUID_7)), (Step.FETCH, "fetch_cart"), (Order.A, "order-1"),
    (Number7.SEVEN, "7"), (Text("t"), "t"), (np.int64(7), "7"), (np.str_("t"), "t"),
    ("é" * 500, "é" * 500),
]  # fmt: skip
NO_IDS: list[tuple[Any, str | None]] = [
    (True, "True"), (np.bool_(True), "True"), (5.0, "5.0"), (np.float64(5), "5.0"), (b"5", "5"), (bytearray(b"5"), "5"),
    ([1], None), ({"id": 1, "pin": 2}, None), (Holder("t"), None), ("", None),
    ("a\0b", None), ("x" * 1001, None), ("\ud800", "\\ud800"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), IDS)
def test_an_id_is_made_plain_text(value: Any, text: str) -> None:
    assert identifier(value) == text
    assert type(identifier(value)) is str


@pytest.mark.parametrize(("value", "text"), NO_IDS)
def test_any_other_value_is_refused_and_has_its_text_in_production(value: Any, text: str | None) -> None:
    with pytest.raises(ValueError, match=r"id|text|number|surrogates"):
        identifier(value)
    assert text_identifier(value) == text


def test_a_text_that_does_not_do_what_texts_do_is_taken_as_its_characters() -> None:
    assert (identifier(Liar("t")), identifier(Number(7))) == ("t", "7")


@pytest.mark.parametrize("value", [5, np.int8(5), Number7.SEVEN])
def test_whole_numbers_of_other_types_are_plain_ints(value: Any) -> None:
    assert type(whole_number(value)) is int


@pytest.mark.parametrize("value", [True, np.bool_(False), 5.0, "5", None])
def test_other_values_are_no_whole_numbers(value: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        whole_number(value)
    assert is_boolean(value) is (type(value).__name__ in {"bool", "bool_"})


def about_task(publisher: RecordingPublisher, value: Any) -> PublishedEvent:
    publisher.publish_task_event("task.cancelled", task_id=value)
    return publisher.events[0]


def about_object(publisher: RecordingPublisher, value: Any) -> PublishedEvent:
    publisher.publish_task_cancelled({"id": value})
    return publisher.events[0]


def about_payload(publisher: RecordingPublisher, value: Any) -> PublishedEvent:
    publisher.publish_event("task.cancelled", {"task_id": value})
    return publisher.events[0]


def in_block(publisher: RecordingPublisher, value: Any) -> PublishedEvent:
    with publisher.task("order", task_id=value) as task, task.step("pay", step_id=value):
        return publisher.events[2]


def decorated(publisher: RecordingPublisher, value: Any) -> PublishedEvent:
    publisher.traced_task("order", task_id=lambda: value)(lambda: None)()
    return publisher.events[0]


ENTRANCES = [about_task, about_object, about_payload, in_block, decorated]


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(("value", "text"), IDS[:8])
def test_every_entrance_takes_an_id_alike(entrance: Any, value: Any, text: str) -> None:
    event = entrance(RecordingPublisher(), value)
    assert event.fields["task_id"] == event.key == text
    assert dict(event.headers)["ce_subject"].decode().partition("/")[0] == text


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("value", [True, 5.0, b"5"])
def test_every_entrance_refuses_other_values_in_strict_mode_alone(entrance: Any, value: Any) -> None:
    with pytest.raises(UsageError, match="a whole number or a UUID"):
        entrance(RecordingPublisher(), value)
    lenient = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    assert entrance(lenient, value).key == text_identifier(value)
    assert lenient.stats()["misused"] > 0


def test_steps_of_an_enumeration_have_one_id_everywhere() -> None:
    publisher = RecordingPublisher()
    with publisher.task("order", task_id="1") as task:
        with task.step(Step.FETCH):
            pass
        with task.step(Step.CHARGE, depends_on=[Step.FETCH]):
            pass
    event = publisher.assert_published("step.completed", step_id="charge_card", step_name="charge_card")
    assert event.fields["depends_on"] == ["fetch_cart"]
    assert dict(event.headers)["ce_subject"] == b"1/charge_card"
    assert event.trace.span is not None
    assert event.trace.span.span_id == step_span_id("1", "charge_card", 1)


def test_numbers_of_numpy_are_numbers() -> None:
    publisher = RecordingPublisher()
    publisher.publish_event("a.b", {"rows": np.int64(5), "ratio": np.float32(0.5), "ok": np.bool_(True)})
    moment = np.datetime64("2025-01-01T00:00:00")
    publisher.publish_event("a.c", {"when": moment, "rows": [np.int64(1)], "x": np.arange(3)})
    counts: dict[str, Any] = {"total_steps": np.int64(3), "execution_duration": np.float32(1.5)}
    publisher.publish_task_event("task.completed", task_id=np.int64(7), **counts)
    publisher.publish_step_handle({"id": "s", "attempts": np.int64(1)}, task_id=1)
    publisher.assert_published("a.b", rows=5, ratio=0.5, ok=True)
    publisher.assert_published("a.c", when="2025-01-01T00:00:00", rows="[1]", x="[0,1,2]")
    publisher.assert_published("task.completed", task_id="7", total_steps=3, execution_duration=1.5)
    publisher.assert_published("step.handle", attempt_number=1)
