"""Which Kafka to use: the configured one, else one in Docker, else an embedded one."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from tasker_consumers.embedded.broker import EmbeddedKafka
from tasker_consumers.embedded.docker import kafka_in_docker, why_no_docker
from tasker_schemas.errors import BackendUnavailable

BOOTSTRAP_SERVERS = "KAFKA_BOOTSTRAP_SERVERS"


class KafkaKind(StrEnum):
    """Whose Kafka it is."""

    CONFIGURED = "configured"  # somebody else's, named by the environment
    DOCKER = "docker"  # ours, in a container
    EMBEDDED = "embedded"  # ours, a child process


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSource:
    """A Kafka to use: its address, its kind, and why it was taken, in one sentence for people."""

    bootstrap_servers: str
    how: KafkaKind
    why: str


@contextmanager
def find_kafka(environ: Mapping[str, str]) -> Iterator[KafkaSource]:
    """Yield the Kafka to use; one of ours is started for the block and gone after it.

    A configured Kafka is taken as it is, whether it answers or not. Raises `BackendUnavailable` if there is none
    and none can be started.
    """
    if configured := environ.get(BOOTSTRAP_SERVERS, "").strip():
        why = f"{BOOTSTRAP_SERVERS} names it."
        yield KafkaSource(bootstrap_servers=configured, how=KafkaKind.CONFIGURED, why=why)
        return
    with ExitStack() as stack:
        yield _start_one(stack, environ)


def _start_one(stack: ExitStack, environ: Mapping[str, str]) -> KafkaSource:
    unset = f"{BOOTSTRAP_SERVERS} is not set"
    no_docker = why_no_docker(environ)
    if no_docker is None:
        try:
            address = stack.enter_context(kafka_in_docker())
        except BackendUnavailable as error:
            no_docker = str(error)
        else:
            why = f"{unset}, and a Docker daemon answers."
            return KafkaSource(bootstrap_servers=address, how=KafkaKind.DOCKER, why=why)
    embedded = stack.enter_context(EmbeddedKafka())
    why = f"{unset}, and {no_docker}."
    return KafkaSource(bootstrap_servers=embedded.bootstrap_servers, how=KafkaKind.EMBEDDED, why=why)
