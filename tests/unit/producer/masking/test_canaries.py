"""No secret of the table of places leaves, and what stands beside it does."""

import json
from typing import Any

import pytest

from tasker_producer.delivery.host import drops
from tasker_producer.masking.masker import Decision, Masker
from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_producer.testing import RecordingPublisher
from tests.support.producer.canaries import SECRET_KEYS, SHOWN_KEYS, STRUCTURES, TEXTS, F, X


@pytest.mark.parametrize("key", SECRET_KEYS)
@pytest.mark.parametrize("field", ["context", "attribute"])
def test_the_value_of_a_secret_name_leaves_with_no_event(key: str, field: str) -> None:
    publisher = RecordingPublisher()
    if field == "context":
        publisher.publish_task_started({"id": 1}, context={key: X})
    else:
        publisher.publish_event("order.seen", {"a": {key: X}})
    event = publisher.events[0]
    assert X.encode() not in event.value
    assert F.encode() in event.value
    assert key.encode() in event.value


@pytest.mark.parametrize(("value", "shown"), STRUCTURES)
@pytest.mark.parametrize("field", ["context", "attribute"])
def test_a_name_beside_a_value_hides_it_and_stays(value: Any, shown: Any, field: str) -> None:
    publisher = RecordingPublisher()
    if field == "context":
        publisher.publish_task_started({"id": 1}, context={"a": value})
        text = json.loads(publisher.events[0].fields["context"])["a"]
    else:
        publisher.publish_event("order.seen", {"a": value})
        text = json.loads(publisher.events[0].fields["attributes"]["a"])
    assert text == shown


def test_an_entry_among_the_attributes_themselves_is_hidden() -> None:
    publisher = RecordingPublisher()
    publisher.publish_event("order.seen", {"name": "DB_PASSWORD", "value": X})
    assert publisher.events[0].fields["attributes"] == {"name": "DB_PASSWORD", "value": F}


@pytest.mark.parametrize("value", [["a", "b"], ["token name", "b"], ["--host", "b"], {"name": "host", "value": "b"}])
def test_neighbours_without_a_secret_name_are_shown(value: Any) -> None:
    publisher = RecordingPublisher()
    publisher.publish_event("order.seen", {"a": value})
    assert json.loads(publisher.events[0].fields["attributes"]["a"]) == value


def test_a_neighbour_that_answers_nothing_hides_what_may_be_an_entry() -> None:
    class Hostile(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            raise LookupError

    publisher = RecordingPublisher()
    publisher.publish_event("order.seen", {"a": {Hostile("value"): X, "b": 1}})
    assert X.encode() not in publisher.events[0].value


@pytest.mark.parametrize(
    ("keys", "header"), [((), None), (("tenant",), b"tenant=t1"), (("tenant", "a b"), b"tenant=t1,a%20b=2")]
)
def test_baggage_leaves_only_by_its_allowed_keys(keys: tuple[str, ...], header: bytes | None) -> None:
    publisher = RecordingPublisher(ProducerSettings(baggage_keys=frozenset(keys)))
    carrier = {"tasker-task-id": "1", "baggage": f"password={X},tenant=t1,a%20b=2"}
    with publisher.resume_task(carrier, final=True) as task:
        publisher.publish_event("order.seen", {})
        assert X in task.carrier()["baggage"]
    assert {dict(event.headers).get("baggage") for event in publisher.events} == {header}


@pytest.mark.parametrize("key", SHOWN_KEYS)
def test_a_name_that_only_resembles_a_secret_one_is_shown(key: str) -> None:
    assert Masker().decide(key) is not Decision.HIDE


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_a_secret_leaves_text_and_the_rest_stays(text: str, shown: str) -> None:
    assert Masker().scrub(text) == shown


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_an_error_message_shows_no_secret(text: str, shown: str) -> None:
    publisher = RecordingPublisher()
    publisher.publish_step_failed({"id": "s"}, task={"id": 1}, error=ValueError(text))
    fields = publisher.events[0].fields
    assert X not in str(fields)
    assert fields["error_message"] == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://shop:8080/a?mail=b@c",
        "at 12:30",
        "fields ['password', 'name', 'age']",
        "a -b c",
        "mail to a@b: ok",
        "bearer of news",
    ],
)
def test_text_that_only_resembles_a_secret_is_shown(text: str) -> None:
    assert Masker(("password",)).scrub(text) == text


def test_the_table_has_at_least_150_places() -> None:
    assert 2 * (len(SECRET_KEYS) + len(STRUCTURES) + len(TEXTS)) >= 150


def test_no_place_shows_its_secret_in_records_headers_or_log_lines_of_production(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drops, "LOG_EVERY_S", 0.0)
    publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    step: dict[str, Any] = {"task_id": 1, "step_id": "s"}
    places = [*({key: X} for key in SECRET_KEYS), *(value for value, _ in STRUCTURES), *(text for text, _ in TEXTS)]
    for value in places:
        publisher.publish_event("order.seen", {"value": value}, additional_context={"more": [value]})
        publisher.publish_event("order.seen", value, key=[value], trace=value, event_id={"id": value})
        wrong: dict[str, Any] = {"retry_limit": value, "execution_duration": value, "no_such_field": value}
        publisher.publish_step_failed(**step, error=ValueError(value), backtrace=[value], **wrong)
        publisher.publish_step_completed(**step, step_results=value)
    assert publisher.stats()["misused"] > 3 * len(places)
    assert [event.name for event in publisher.events if X in f"{event.value!r}{event.headers}{event.key}"] == []
    assert [line for line in caplog.messages if X in line] == []
