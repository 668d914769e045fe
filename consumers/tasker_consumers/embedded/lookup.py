"""Which Kafka to use: the configured one, else one in Docker, else an embedded one (first form)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasker_consumers.embedded.broker import EmbeddedKafka

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSource:
    """A running Kafka: where, of which kind (`configured`, `docker`, `embedded`), and why this one."""

    bootstrap_servers: str
    how: str
    why: str


@contextmanager
def find_kafka(environ: Mapping[str, str]) -> Iterator[KafkaSource]:
    """Yield the Kafka to use, started if need be."""
    configured = environ.get("KAFKA_BOOTSTRAP_SERVERS", "").strip()
    if configured:
        yield KafkaSource(
            bootstrap_servers=configured, how="configured", why="KAFKA_BOOTSTRAP_SERVERS names it."
        )
        return
    with EmbeddedKafka() as kafka:
        yield KafkaSource(
            bootstrap_servers=kafka.bootstrap_servers,
            how="embedded",
            why="KAFKA_BOOTSTRAP_SERVERS is not set and no Docker daemon answers.",
        )
