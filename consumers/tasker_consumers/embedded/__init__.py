"""A real Kafka on this machine, without Docker.

`find_kafka` takes the Kafka that is configured, else one in Docker, else starts an `EmbeddedKafka`.
"""

from tasker_consumers.embedded.broker import EmbeddedKafka
from tasker_consumers.embedded.lookup import KafkaKind, KafkaSource, find_kafka

__all__ = ["EmbeddedKafka", "KafkaKind", "KafkaSource", "find_kafka"]
