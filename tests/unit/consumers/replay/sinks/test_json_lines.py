"""Records as lines of JSON that every parser reads."""

import json
from io import StringIO
from typing import Any

from tasker_consumers.replay.payload import decode, family_of_record, family_of_topic
from tasker_consumers.replay.sinks.json_lines import write_json_lines
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.names import Family
from tests.support.replay_records import VALUES, a_record


def not_a_number(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def test_an_unreadable_record_is_shown_and_counted_not_raised() -> None:
    out = StringIO()
    report = write_json_lines([a_record(value=b"junk"), a_record()], out)
    poison, event = out.getvalue().splitlines()
    assert (report.records, report.poison) == (2, 1)
    assert '"poison": "bad_magic' in poison
    assert '"event_name": "step.failed"' in event


def test_numbers_that_json_does_not_have_become_null() -> None:
    out = StringIO()
    values = VALUES | {"attributes": {"ratio": float("nan"), "top": float("inf"), "sum": 1.5}}
    write_json_lines([a_record(value=encode("StepEvent", values))], out)
    event = json.loads(out.getvalue(), parse_constant=not_a_number)["event"]
    assert event["attributes"] == {"ratio": None, "top": None, "sum": 1.5}


def test_topics_of_any_prefix_tell_their_family() -> None:
    assert family_of_topic("eu.shop.events.observability") is Family.OBSERVABILITY
    assert family_of_topic("tasker.dlq.stats") is None


def test_a_copy_in_any_topic_is_read_by_the_name_in_its_header() -> None:
    copy = a_record(topic="copies")
    assert decode(copy, Decoder())["task_id"] == "42"
    assert family_of_record(a_record(topic="copies", headers=())) is None
    assert family_of_record(a_record(topic="copies", headers=(("ce_type", b"step.no_such"),))) is None
