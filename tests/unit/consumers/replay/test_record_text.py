"""One record as text: everything that is known of it, or one line."""

from tasker_consumers.replay.record_text import event_line, hex_lines, record_lines
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import latest
from tests.support.replay_records import VALUES, a_record

DECODER = Decoder()


def test_a_record_is_shown_with_everything_that_is_known_of_it() -> None:
    lines = list(record_lines(a_record(), DECODER))
    names = [name for name, _ in lines]
    assert names[:4] == ["position", "sent", "happened", "key"]
    assert names[4:7] == ["header ce_type", "header ce_source", "header traceparent"]
    values = dict(lines)
    assert values["happened"] == "1970-01-01 00:00:05.000Z"
    assert values["framing"].endswith(f"StepEvent version {latest('StepEvent').version}")
    assert '"event_name": "step.failed"' in values["event"]


def test_the_time_of_arrival_is_called_so() -> None:
    assert ("arrived", "1970-01-01 00:00:01.000Z") in record_lines(a_record(appended=True), DECODER)


def test_of_an_unreadable_record_the_reason_and_the_bytes_are_shown() -> None:
    values = dict(record_lines(a_record(value=b"junk"), DECODER))
    assert values["unreadable"].startswith("bad_magic")
    assert values["value"].startswith("000000  6a 75 6e 6b")


def test_a_record_without_value_and_key_is_shown_too() -> None:
    values = dict(record_lines(a_record(value=None, key=None, headers=()), DECODER))
    assert (values["key"], values["framing"], values["happened"]) == ("-", "no value", "-")


def test_one_line_names_task_step_attempt_and_the_first_line_of_an_error() -> None:
    values = VALUES | {"attempt_number": 2, "error_class": "E", "error_message": "no answer\nmore"}
    line = event_line(a_record(value=encode("StepEvent", values)), DECODER)
    assert line[1:] == ("step.failed", "42", "charge_card attempt 2", "E: no answer")
    poison = event_line(a_record(value=b"junk"), DECODER)
    assert poison.error.startswith("tasker.events.step/1/7: bad_magic")


def test_of_a_long_value_the_beginning_is_shown() -> None:
    lines = list(hex_lines(bytes(1000)))
    assert len(lines) == 17
    assert lines[-1] == "(744 more bytes)"
