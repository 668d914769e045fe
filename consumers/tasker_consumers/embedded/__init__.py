"""Real servers on this machine, without Docker: a Kafka, a schema registry, a trace backend.

`find_kafka`, `find_registry` and `find_zipkin` take the configured server, else start a container where
Docker answers, else an embedded server.
"""

from tasker_consumers.embedded.broker import EmbeddedKafka
from tasker_consumers.embedded.lookup import KafkaSource, ServerKind, WebSource, find_kafka, find_registry, find_zipkin
from tasker_consumers.embedded.registry import EmbeddedRegistry, Login
from tasker_consumers.embedded.zipkin import EmbeddedZipkin

__all__ = [
    "EmbeddedKafka",
    "EmbeddedRegistry",
    "EmbeddedZipkin",
    "KafkaSource",
    "Login",
    "ServerKind",
    "WebSource",
    "find_kafka",
    "find_registry",
    "find_zipkin",
]
