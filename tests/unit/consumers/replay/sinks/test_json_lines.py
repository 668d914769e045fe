"""Records as JSON that every parser reads."""

import json
from typing import Any

from tasker_consumers.replay.payload import decode, family_of_record, family_of_topic
from tasker_consumers.replay.sinks.json_lines import record_to_json
from tasker_consumers.strict_json import strict_json
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.names import Family
from tests.support.replay_records import VALUES, a_record


def not_a_number(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def test_an_unreadable_record_is_shown_not_raised() -> None:
    poison, event = (record_to_json(record, Decoder()) for record in (a_record(value=b"junk"), a_record()))
    assert poison["poison"].startswith("bad_magic")
    assert "event" not in poison
    assert event["event"]["event_name"] == "step.failed"


def test_numbers_that_json_does_not_have_become_null() -> None:
    values = VALUES | {"attributes": {"ratio": float("nan"), "top": float("inf"), "sum": 1.5}}
    text = strict_json(record_to_json(a_record(value=encode("StepEvent", values)), Decoder()))
    event = json.loads(text, parse_constant=not_a_number)["event"]
    assert event["attributes"] == {"ratio": None, "top": None, "sum": 1.5}


def test_topics_of_any_prefix_tell_their_family() -> None:
    assert family_of_topic("eu.shop.events.observability") is Family.OBSERVABILITY
    assert family_of_topic("tasker.dlq.stats") is None


def test_a_copy_in_any_topic_is_read_by_the_name_in_its_header() -> None:
    copy = a_record(topic="copies")
    assert decode(copy, Decoder())["task_id"] == "42"
    assert family_of_record(a_record(topic="copies", headers=())) is None
    assert family_of_record(a_record(topic="copies", headers=(("ce_type", b"step.no_such"),))) is None
