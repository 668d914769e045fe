"""The parts that all events of a name share are made once, and custom names cannot fill the memory."""

import pytest

from tasker_producer import ProducerSettings
from tasker_producer.record.building.record_encoder import RecordEncoder
from tasker_producer.record.building.templates import Templates
from tasker_schemas.names import Family


@pytest.fixture
def templates() -> Templates:
    return RecordEncoder(ProducerSettings(topic_prefix="shop")).templates


def test_a_name_has_a_single_template_until_all_are_forgotten(templates: Templates) -> None:
    template = templates.of_name("task.completed")
    assert (template.family, template.topic) == (Family.TASK, "shop.events.task")
    assert templates.of_name("task.completed") is template
    templates.clear()
    assert templates.of_name("task.completed") is not template


def test_beyond_the_limit_custom_names_are_not_remembered_and_reserved_names_are(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasker_producer.record.building.templates._MAX_TEMPLATES", 2)
    for name in ("order.paid", "order.sent", "order.lost", "step.completed"):
        assert templates.of_name(name).name == name
    assert set(templates.by_name) == {"order.paid", "order.sent", "step.completed"}
