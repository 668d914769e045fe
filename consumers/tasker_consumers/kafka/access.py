"""Why brokers turn a client away: librdkafka tells it beside the error of a request, which only says that it failed."""

import re
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient

from tasker_schemas.errors import ConfigurationError

_ADVICE = {
    KafkaError._AUTHENTICATION: "KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM",  # noqa: SLF001
    KafkaError._SSL: "KAFKA_SSL_CA_LOCATION, KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION",  # noqa: SLF001
}
#: Brokers refuse a certificate after the handshake: to librdkafka that is a connection that broke.
_REFUSED_BY_TLS = "SSL alert number"
#: What is around librdkafka's reason: the broker before it, the moment behind it.
_FRAME = re.compile(r"^\S+: |[:\s]*\(after [^()]*\)$")


class AccessErrors:
    """Hears for a client why it is not let in: `hear` is its `error_cb`."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._servers = kafka.get("bootstrap.servers")
        self._refusal: ConfigurationError | None = None

    def hear(self, error: KafkaError) -> None:
        """Remember a reason to turn the client away; that a broker is away is none."""
        code = KafkaError._SSL if _REFUSED_BY_TLS in error.str() else error.code()  # noqa: SLF001
        if advice := _ADVICE.get(code):
            reason = _FRAME.sub("", _FRAME.sub("", error.str()))
            self._refusal = ConfigurationError(f"Kafka at {self._servers} turns us away ({reason}): check {advice}.")

    def refusal(self, client: Any) -> ConfigurationError | None:
        """Return why the client was turned away; None if it was not."""
        client.poll(0)  # only then it is told
        return self._refusal


class QuietAdmin(AdminClient):  # type: ignore[misc]  # it has no types
    """An admin client that logs nothing: what goes wrong is told by the error that is raised."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._admission = AccessErrors(kafka)
        super().__init__({"log_level": 0, **kafka, "error_cb": self._admission.hear})

    def refusal(self) -> ConfigurationError | None:
        """Return why the brokers turned this client away; None if they did not."""
        return self._admission.refusal(self)
