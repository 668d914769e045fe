"""A table of places in which a secret can stand, each with the text that is to be shown in its place."""

import json
from typing import Any

import pytest

from tasker_producer.delivery.host import drops
from tasker_producer.masking.masker import Decision, Masker
from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_producer.testing import RecordingPublisher

X = "c4n4ry-7f3a"
F = "[FILTERED]"

#: Names whose values are secret: each is a place in a context, in results and in attributes, and in text.
SECRET_KEYS = [
    "password",
    "PASSWORD",
    "Password",
    "userPassword",
    "user-password",
    "user_password",
    "DBPASSWORD",
    "dbpassword",
    "userpassword",
    "DB_PASS",
    "smtpPass",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "clientSecret",
    "clientsecret",
    "client_secret",
    "token",
    "accesstoken",
    "access_token",
    "refreshtoken",
    "apitoken",
    "authtoken",
    "csrftoken",
    "csrf_token",
    "jwt",
    "api_key",
    "apiKey",
    "apikey",
    "API-KEY",
    "x-api-key",
    "stripe_key",
    "signing_key",
    "ssh_key",
    "signingKey",
    "idempotency_key",
    "access_key",
    "private_key",
    "encryption_key",
    "auth",
    "bearer",
    "signature",
    "X-Amz-Signature",
    "sig",
    "authorization",
    "Authorization",
    "Proxy-Authorization",
    "cookie",
    "Set-Cookie",
    "session_id",
    "credential",
    "credentials",
    "certificate",
    "salt",
    "otp",
    "pin",
    "ssn",
    "cvv",
    "cvc",
    "iban",
    "card_number",
    "credit_card",
    "credit_card_number",
    "email",
]

#: Names that look like those and are not.
SHOWN_KEYS = [
    "classname",
    "tokenizer",
    "passenger",
    "spinner",
    "keyboard",
    "monkey",
    "api",
    "author",
    "key_count",
    "order_id",
    "status",
    "passed",
]

#: Text, and what is shown of it.
TEXTS = [
    (f"Authorization: Negotiate {X}", f"Authorization: {F}"),
    (f"Authorization: ApiKey {X}", f"Authorization: {F}"),
    (f"Authorization: Basic {X}==", f"Authorization: {F}"),
    (f"Proxy-Authorization: Digest username=a, response={X}", f"Proxy-Authorization: {F}"),
    (f"Cookie: a=1; csrftoken={X}; b=2", f"Cookie: {F}"),
    (f"Set-Cookie: sid={X}; Path=/\nHost: shop", f"Set-Cookie: {F}\nHost: shop"),
    (f"401 for Bearer {X}", f"401 for Bearer {F}"),
    (f"got eyJhbGciOi.eyJzdWIiOi.{X} back", f"got {F} back"),
    (
        f"-----BEGIN RSA PRIVATE KEY-----\n{X}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----{F}-----END RSA PRIVATE KEY-----",
    ),
    (f"-----BEGIN PRIVATE KEY-----\n{X}", f"-----BEGIN PRIVATE KEY-----{F}"),
    (f"postgres://u:p@{X}@db/x", f"postgres://u:{F}@db/x"),
    (f"postgres://u:p/{X}@db/x", f"postgres://u:{F}@db/x"),
    (f"amqp://:{X}@mq", f"amqp://:{F}@mq"),
    (f"u:{X}@tcp(db:3306)/x", f"u:{F}@tcp(db:3306)/x"),
    (f"https://s3/b?sig={X}&n=1", f"https://s3/b?sig={F}&n=1"),
    (f"https://s3/b?X-Amz-Signature={X}", f"https://s3/b?X-Amz-Signature={F}"),
    (f"mysql --password {X} --host db", f"mysql --password {F} --host db"),
    (f"Command '['psql', '--password', '{X}']' failed", f"Command '['psql', '--password', '{F}']' failed"),
    (
        f"password\n  Input should be a number [type=int, input_value='{X}', input_type=str]",
        f"password\n  Input should be a number [type=int, input_value='{F}', input_type=str]",
    ),
    (f"host=db password={X} port=5432", f"host=db password={F} port=5432"),
    (f"Server=db;Pwd={X};", f"Server=db;Pwd={F};"),
    (f'{{"password": "{X}", "n": 1}}', f'{{"password": "{F}", "n": 1}}'),
    (f"{{'token': b'{X}'}}", f"{{'token': '{F}'}}"),
    (f"bad header (b'cookie', b'{X}')", f"bad header (b'cookie', '{F}')"),
    (f"for ['password', '{X}'] here", f"for ['password', '{F}'] here"),
    (f"('pin', {{'deep': ['{X}']}})", f"('pin', {F})"),
    (f"{{'name': 'DB_PASSWORD', 'value': '{X}'}}", f"{{'name': 'DB_PASSWORD', 'value': '{F}'}}"),
    (f'[{{"key": "api_key", "value": "{X}"}}]', f'[{{"key": "api_key", "value": "{F}"}}]'),
    (rf'"{{\"name\": \"token\", \"value\": \"{X}\"}}"', rf'"{{\"name\": \"token\", \"value\": \"{F}\"}}"'),
]


#: Values in which a neighbour names the secret, and what is shown of them.
STRUCTURES: list[tuple[Any, Any]] = [
    ([("Authorization", f"Bearer {X}")], [["Authorization", F]]),
    ([(b"authorization", f"Bearer {X}".encode()), (b"host", b"shop")], [["authorization", F], ["host", "shop"]]),
    ((("cookie", X), ("a", 1)), [["cookie", F], ["a", 1]]),
    (["password", X], ["password", F]),
    (["password", {"deep": [X]}], ["password", F]),
    ({"name": "DB_PASSWORD", "value": X}, {"name": "DB_PASSWORD", "value": F}),
    ({"key": "api_key", "value": X}, {"key": "api_key", "value": F}),
    ({"Key": "stripe_key", "Value": X}, {"Key": "stripe_key", "Value": F}),
    (
        {"env": [{"name": "A", "value": "1"}, {"name": "AWS_SECRET", "value": X}]},
        {"env": [{"name": "A", "value": "1"}, {"name": "AWS_SECRET", "value": F}]},
    ),
    (["mysql", "--password", X], ["mysql", "--password", F]),
    (["mysql", "--password", X, "--host", "db"], ["mysql", "--password", F, "--host", "db"]),
    (("--token", X), ["--token", F]),
    (["curl", "-u", "ada", "--api-key", X], ["curl", "-u", "ada", "--api-key", F]),
    (["mysql", f"--password={X}"], ["mysql", f"--password={F}"]),
]


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
