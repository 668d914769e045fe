"""An event becomes a record: its topic, its key, its value and its headers."""

from typing import Any

import pytest

from tasker_producer import ProducerSettings
from tasker_producer.record.arguments import Options
from tasker_producer.record.building.builder import EventBuilder
from tasker_producer.record.misuse import Misuse
from tasker_schemas.errors import UsageError

BUILDER = EventBuilder(ProducerSettings(topic_prefix="shop"))
STRICT = Misuse(strict=True)


@pytest.mark.parametrize(
    ("name", "fields", "key", "expected"),
    [
        ("order.paid", {}, None, ("shop.events.custom", b"order.paid")),
        ("order.paid", {}, "customer 7", ("shop.events.custom", b"customer 7")),
        ("order.paid", {"task_id": "1"}, "customer 7", ("shop.events.custom", b"1")),
        ("task.completed", {"task_id": 1}, None, ("shop.events.task", b"1")),
        ("step.completed", {"task_id": "1", "step_id": "pay"}, None, ("shop.events.step", b"1")),
    ],
)
def test_the_record_of_a_task_has_its_id_as_key_and_any_other_the_callers_key_or_its_name(
    name: str, fields: dict[str, Any], key: str | None, expected: tuple[str, bytes]
) -> None:
    event = BUILDER.build(name, fields, Options(key=key), STRICT)
    assert (event.topic, event.key) == expected


@pytest.mark.parametrize(("name", "fields"), [("task.lost", {"task_id": "1"}), ("task.completed", {})])
def test_a_reserved_name_that_is_unknown_and_a_task_without_an_id_are_refused(
    name: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        BUILDER.build(name, fields, Options(), Misuse(strict=False))
