"""Whether a broker answers, and if none does, why."""

from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaException

from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.tools.doctor.finding import Finding, Verdict

TIMEOUT_S = 5.0
_SERVERS = "bootstrap.servers"


class Connection:
    """An admin client of the brokers that are checked."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        self.servers = kafka[_SERVERS]
        self.admin: Any = QuietAdmin(kafka)

    def topics(self) -> dict[str, Any]:
        """Return the metadata of all topics by name; raises KafkaException when no broker answers."""
        topics: dict[str, Any] = self.admin.list_topics(timeout=TIMEOUT_S).topics
        return topics


def check_connection(connection: Connection) -> Finding:
    """Return whether a broker answers."""
    try:
        connection.topics()
    except KafkaException as error:
        reason = connection.admin.reason(error)
        remedy = "is Kafka running, and are KAFKA_BOOTSTRAP_SERVERS, KAFKA_SECURITY_PROTOCOL and the login right?"
        return Finding("kafka", Verdict.FAILED, f"no broker answers at {connection.servers}: {reason}", remedy)
    return Finding("kafka", Verdict.OK, f"a broker answers at {connection.servers}")


def check_brokers(connection: Connection) -> Iterator[Finding]:
    """Yield the cluster's id and its brokers."""
    cluster = connection.admin.describe_cluster(request_timeout=TIMEOUT_S).result()
    nodes = ", ".join(f"{node.id} at {node.host}:{node.port}" for node in cluster.nodes)
    yield Finding("brokers", Verdict.OK, f"cluster {cluster.cluster_id}, nodes: {nodes}")
