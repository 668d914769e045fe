"""Why a client is turned away, from what librdkafka tells about its brokers."""

import pytest
from confluent_kafka import KafkaError

from tasker_consumers.kafka.access import AccessErrors

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


def test_a_broker_that_is_away_turns_nobody_away() -> None:
    admission = AccessErrors(KAFKA)
    admission.hear(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert admission.refusal(Silent()) is None
