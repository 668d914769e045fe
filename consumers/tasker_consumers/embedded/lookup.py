"""Finds a server: the configured server, else a container, else an embedded server."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum

from tasker_consumers.embedded.broker import EmbeddedKafka
from tasker_consumers.embedded.docker import KAFKA_IMAGE, REGISTRY_IMAGE, ZIPKIN_IMAGE, Image, in_docker, why_no_docker
from tasker_consumers.embedded.registry import CONFLUENT_API, EmbeddedRegistry
from tasker_consumers.embedded.server import HOST, EmbeddedServer
from tasker_consumers.embedded.zipkin import SPANS_PATH, EmbeddedZipkin
from tasker_schemas import environment
from tasker_schemas.errors import BackendUnavailable

BOOTSTRAP_SERVERS = "KAFKA_BOOTSTRAP_SERVERS"
REGISTRY_URL = "SCHEMA_REGISTRY_URL"
ZIPKIN_ENDPOINT = "OTEL_EXPORTER_ZIPKIN_ENDPOINT"  # OpenTelemetry's name; with the path that takes spans


class ServerKind(StrEnum):
    """Whose server it is."""

    CONFIGURED = "configured"  # somebody else's, named by the environment
    DOCKER = "docker"  # ours, in a container
    EMBEDDED = "embedded"  # ours, a child process


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSource:
    """A Kafka to use: its address, its kind, and why it was taken, as a sentence for people."""

    bootstrap_servers: str
    how: ServerKind
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSource:
    """A registry or a trace backend to use: its address, its kind, and why it was taken, as a sentence for people."""

    url: str
    how: ServerKind
    why: str


@contextmanager
def find_kafka(environ: Mapping[str, str]) -> Iterator[KafkaSource]:
    """Yield the Kafka to use; a Kafka of ours is started for the block and gone after it.

    A configured Kafka is taken as it is, whether it answers or not. Raises `BackendUnavailable` if there is none
    and none can be started.
    """
    if configured := environment.text(environ, BOOTSTRAP_SERVERS):
        yield KafkaSource(bootstrap_servers=configured, how=ServerKind.CONFIGURED, why=_names_it(BOOTSTRAP_SERVERS))
        return
    with _started(BOOTSTRAP_SERVERS, environ, KAFKA_IMAGE, EmbeddedKafka()) as started:
        yield KafkaSource(bootstrap_servers=started.address, how=started.how, why=started.why)


@contextmanager
def find_registry(environ: Mapping[str, str]) -> Iterator[WebSource]:
    """Yield the schema registry to use, as `find_kafka` does; its URL is that of Confluent's protocol."""
    if configured := environment.text(environ, REGISTRY_URL):
        yield WebSource(url=configured, how=ServerKind.CONFIGURED, why=_names_it(REGISTRY_URL))
        return
    with _started(REGISTRY_URL, environ, REGISTRY_IMAGE, EmbeddedRegistry()) as started:
        yield WebSource(url=f"http://{started.address}{CONFLUENT_API}", how=started.how, why=started.why)


@contextmanager
def find_zipkin(environ: Mapping[str, str]) -> Iterator[WebSource]:
    """Yield the Zipkin to use, as `find_kafka` does; its URL is that of its web page."""
    if configured := environment.text(environ, ZIPKIN_ENDPOINT):
        url = configured.removesuffix(SPANS_PATH)
        yield WebSource(url=url, how=ServerKind.CONFIGURED, why=_names_it(ZIPKIN_ENDPOINT))
        return
    with _started(ZIPKIN_ENDPOINT, environ, ZIPKIN_IMAGE, EmbeddedZipkin()) as started:
        yield WebSource(url=f"http://{started.address}", how=started.how, why=started.why)


def _names_it(setting: str) -> str:
    return f"{setting} names it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Started:
    """A server that was started here."""

    address: str  # host:port
    how: ServerKind
    why: str


@contextmanager
def _started(setting: str, environ: Mapping[str, str], image: Image, embedded: EmbeddedServer) -> Iterator[_Started]:
    with ExitStack() as stack:
        no_docker = why_no_docker(environ)
        if no_docker is None:
            try:
                host, port = stack.enter_context(in_docker(image))
            except BackendUnavailable as error:
                no_docker = str(error)
            else:
                why = f"{setting} is not set, and a Docker daemon answers."
                yield _Started(address=f"{host}:{port}", how=ServerKind.DOCKER, why=why)
                return
        stack.enter_context(embedded)
        why = f"{setting} is not set, and {no_docker}."
        yield _Started(address=f"{HOST}:{embedded.port}", how=ServerKind.EMBEDDED, why=why)
