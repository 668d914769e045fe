"""Why brokers turn a client away or do not answer: librdkafka tells it beside the error of the failed request."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from tasker_schemas.errors import BackendUnavailable, ConfigurationError, TaskerEventsError

_ADVICE = {
    KafkaError._AUTHENTICATION: "KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM",  # noqa: SLF001
    KafkaError._SSL: "KAFKA_SSL_CA_LOCATION, KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION",  # noqa: SLF001
}
#: Brokers refuse a certificate after the handshake: to librdkafka that is a connection that broke.
_REFUSED_BY_TLS = "SSL alert number"
#: Errors of a request that no broker answered, and an error that only repeats it.
_UNANSWERED = {KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._RESOLVE, KafkaError._ALL_BROKERS_DOWN}  # noqa: SLF001
_NO_REASON = {KafkaError._ALL_BROKERS_DOWN}  # noqa: SLF001
#: What is around librdkafka's reason: the broker before it, the moment behind it.
_FRAME = re.compile(r"^\S+: |[:\s]*\(after [^()]*\)$")

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SilentBrokers(BackendUnavailable):
    """Brokers can be reached, and answer nothing: they or their host stand still, and may go on."""


class AccessErrors:
    """Hears for a client why it is not let in: `hear` is its `error_cb`."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._servers = kafka.get("bootstrap.servers")
        self._refusal: ConfigurationError | None = None
        self._reason = ""
        self._is_reached = True

    def hear(self, error: KafkaError) -> None:
        """Remember why the client is turned away, else the first reason why no broker answers."""
        code = KafkaError._SSL if _REFUSED_BY_TLS in error.str() else error.code()  # noqa: SLF001
        if advice := _ADVICE.get(code):
            reason = _FRAME.sub("", _FRAME.sub("", error.str()))
            self._refusal = ConfigurationError(f"Kafka at {self._servers} turns us away ({reason}): check {advice}.")
        elif error.code() not in _NO_REASON:
            self._reason = self._reason or _FRAME.sub("", error.str())
            self._is_reached &= error.code() == KafkaError._TIMED_OUT  # noqa: SLF001

    def refusal(self, client: Any) -> ConfigurationError | None:
        """Return why the client was turned away; None if it was not."""
        client.poll(0)  # only then it is told
        return self._refusal

    def reason(self, client: Any, error: KafkaException) -> str:
        """Return why a request failed: the reason that was heard if no broker answered, else that of the request."""
        client.poll(0)
        return (self._reason if is_unanswered(error) else "") or str(error.args[0].str())

    def failure(self, client: Any, error: KafkaException) -> TaskerEventsError:
        """Return the error to raise for a request that failed: a refusal, or that Kafka does not answer."""
        if refusal := self.refusal(client):
            return refusal
        kind = SilentBrokers if is_unanswered(error) and self._is_reached else BackendUnavailable
        return kind(
            f"Kafka at {self._servers} does not answer ({self.reason(client, error)}): "
            f"is it running, and is KAFKA_BOOTSTRAP_SERVERS right?"
        )


class QuietAdmin(AdminClient):  # type: ignore[misc]  # it has no types
    """An admin client that logs nothing: what goes wrong is told by the error that is raised."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._admission = AccessErrors(kafka)
        super().__init__({"log_level": 0, **kafka, "error_cb": self._admission.hear})

    def failure(self, error: KafkaException) -> TaskerEventsError:
        """Return the error to raise for a request that failed."""
        return self._admission.failure(self, error)

    def reason(self, error: KafkaException) -> str:
        """Return why a request failed."""
        return self._admission.reason(self, error)


def is_unanswered(error: KafkaException) -> bool:
    """Return whether a request failed because no broker answered it."""
    return error.args[0].code() in _UNANSWERED


def until_answered(ask: Callable[[], T], limit_s: float) -> T:
    """Return what `ask` returns, and call it again while brokers are silent, for some seconds.

    Raises SilentBrokers after that, and what else `ask` raises at once.
    """
    give_up_at = time.monotonic() + limit_s
    while True:
        try:
            return ask()
        except SilentBrokers as error:
            if time.monotonic() > give_up_at:
                raise
            logger.warning("%s Asking again for %.0f s", error, give_up_at - time.monotonic())
