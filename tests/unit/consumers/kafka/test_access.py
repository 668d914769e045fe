"""Why a client is turned away, from what librdkafka tells about its brokers."""

import re
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

import tasker_consumers
from tasker_consumers.kafka.access import AccessErrors, SilentBrokers, until_answered
from tasker_schemas.errors import BackendUnavailable

KAFKA = {"bootstrap.servers": "kafka:9093"}


class Silent:
    """A client that has nothing more to tell."""

    def poll(self, _: float) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("code", "told", "line"),
    [
        (
            KafkaError._AUTHENTICATION,
            "sasl_ssl://kafka:9093/bootstrap: SASL authentication error: Bad password (after 342ms in state AUTH_REQ)",
            "Kafka at kafka:9093 turns us away (SASL authentication error: Bad password): check KAFKA_SASL_USERNAME",
        ),
        (
            KafkaError._SSL,
            "sasl_ssl://kafka:9093/1: certificate verify failed: (after 7ms in state SSL_HANDSHAKE, 1 suppressed)",
            "Kafka at kafka:9093 turns us away (certificate verify failed): check KAFKA_SSL_CA_LOCATION",
        ),
        (
            KafkaError._TRANSPORT,
            "ssl://kafka:9093/1: Receive failed: error:0A00045C: SSL alert number 116 (after 0ms in state APIVERSION)",
            "Kafka at kafka:9093 turns us away (Receive failed: error:0A00045C: SSL alert number 116): check KAFKA_SSL",
        ),
    ],
)
def test_a_refusal_is_told_without_the_clients_own_bookkeeping(code: int, told: str, line: str) -> None:
    admission = AccessErrors(KAFKA)
    admission.hear(KafkaError(code, told))
    assert str(admission.refusal(Silent())).startswith(line)


def test_the_first_reason_why_no_broker_answers_is_told_with_the_address() -> None:
    admission, unanswered = AccessErrors(KAFKA), KafkaException(KafkaError(KafkaError._TRANSPORT, "no metadata"))
    assert "(no metadata)" in str(admission.failure(Silent(), unanswered))
    refused = (
        "kafka:9093/bootstrap: Connect to ipv4#10.0.0.1:9093 failed: Connection refused (after 0ms in state CONNECT)"
    )
    admission.hear(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    admission.hear(KafkaError(KafkaError._TRANSPORT, refused))
    admission.hear(KafkaError(KafkaError._TRANSPORT, "another: reason"))
    line = "Kafka at kafka:9093 does not answer (Connect to ipv4#10.0.0.1:9093 failed: Connection refused): is it"
    assert str(admission.failure(Silent(), unanswered)).startswith(line)
    refusal = KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "not allowed"))
    assert "(not allowed)" in str(admission.failure(Silent(), refusal))


@pytest.mark.parametrize(
    ("heard", "is_silent"), [(None, True), ("_TIMED_OUT", True), ("_TRANSPORT", False), ("_RESOLVE", False)]
)
def test_brokers_that_can_be_reached_are_silent_and_others_are_away(heard: str | None, is_silent: bool) -> None:
    admission = AccessErrors(KAFKA)
    if heard is not None:
        admission.hear(KafkaError(getattr(KafkaError, heard), "kafka:9093/bootstrap: a reason"))
    unanswered = KafkaException(KafkaError(KafkaError._TIMED_OUT, "no answer"))
    assert isinstance(admission.failure(Silent(), unanswered), SilentBrokers) == is_silent


def test_silent_brokers_are_asked_again_until_the_limit_and_other_errors_end_it_at_once() -> None:
    errors: list[Exception] = [SilentBrokers("silent"), SilentBrokers("silent")]

    def ask() -> str:
        if errors:
            raise errors.pop()
        return "answer"

    assert until_answered(ask, 60) == "answer"
    errors[:] = [SilentBrokers("silent"), SilentBrokers("silent")]
    with pytest.raises(SilentBrokers):
        until_answered(ask, -1)
    assert len(errors) == 1
    errors[:] = [BackendUnavailable("refused")]
    with pytest.raises(BackendUnavailable, match="refused"):
        until_answered(ask, 60)


def test_a_broker_that_is_away_turns_nobody_away() -> None:
    admission = AccessErrors(KAFKA)
    admission.hear(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert admission.refusal(Silent()) is None


def test_the_client_itself_ends_every_question_so_that_each_end_is_an_error_of_kafka() -> None:
    sources = Path(tasker_consumers.__file__).parent.rglob("*.py")
    limits = {path.name: re.findall(r"\.result\([^)]+\)", path.read_text(encoding="utf-8")) for path in sources}
    assert {name: found for name, found in limits.items() if found} == {}  # they would raise TimeoutError
