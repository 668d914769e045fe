"""Whether a broker answers, and if none does, why."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.tools.doctor.finding import Finding, Verdict

TIMEOUT_S = 5.0
_SERVERS = "bootstrap.servers"
#: librdkafka's words around a reason: the broker before, the time behind.
_FRAME = re.compile(r"^\S+/bootstrap: |[:\s]*\(after [^()]*\)$")
#: Says that no broker is there, not why.
_NO_REASON = {KafkaError._ALL_BROKERS_DOWN}  # noqa: SLF001  its public name


class Connection:
    """An admin client that remembers the reasons which librdkafka reports beside its requests."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self._reasons: list[str] = []
        self.servers = kafka[_SERVERS]
        self.admin: Any = AdminClient({"log_level": 0, **kafka, "error_cb": self._hear})

    def topics(self) -> dict[str, Any]:
        """Return the metadata of all topics by name; raises KafkaException when no broker answers."""
        topics: dict[str, Any] = self.admin.list_topics(timeout=TIMEOUT_S).topics
        return topics

    def reason(self) -> str:
        """Return the first reason that was reported; empty if there was none."""
        self.admin.poll(0)  # callbacks are served here
        return self._reasons[0] if self._reasons else ""

    def _hear(self, error: KafkaError) -> None:
        if error.code() not in _NO_REASON:
            self._reasons.append(_FRAME.sub("", error.str()))


def check_connection(connection: Connection) -> Finding:
    """Return whether a broker answers."""
    try:
        connection.topics()
    except KafkaException as error:
        reason = connection.reason() or error.args[0].str()
        remedy = "is Kafka running, and are KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL and the login right?"
        return Finding("kafka", Verdict.FAILED, f"no broker answers at {connection.servers}: {reason}", remedy)
    return Finding("kafka", Verdict.OK, f"a broker answers at {connection.servers}")


def check_brokers(connection: Connection) -> Iterator[Finding]:
    """Yield the cluster's id and its brokers."""
    cluster = connection.admin.describe_cluster(request_timeout=TIMEOUT_S).result(TIMEOUT_S)
    nodes = ", ".join(f"{node.id} at {node.host}:{node.port}" for node in cluster.nodes)
    yield Finding("brokers", Verdict.OK, f"cluster {cluster.cluster_id}, nodes: {nodes}")
