"""The same servers in containers, where a Docker daemon answers."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.console import Console

from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.readiness import kafka_answers, page_answers, wait_until
from tasker_consumers.embedded.registry import CONFLUENT_API
from tasker_consumers.embedded.settings import as_environment, node_settings
from tasker_consumers.embedded.storage import new_id
from tasker_consumers.stop_signals import interruptible
from tasker_schemas.errors import BackendUnavailable

_USUAL_DAEMON = "unix:///var/run/docker.sock"
_USUAL_PORT = 2375
_PING_LIMIT_S = 2
_CONTROLLER_PORT = 9093  # on the container's own loopback interface, where it clashes with nobody


def why_no_docker(environ: Mapping[str, str]) -> str | None:
    """Return why no container can be started here, in a few words; none if a Docker daemon answers."""
    if not _somebody_listens(environ.get("DOCKER_HOST") or _USUAL_DAEMON):
        return "no Docker daemon answers"
    try:
        import docker  # type: ignore[import-untyped]  # noqa: PLC0415  (an extra, and slow to import)
    except ImportError:
        return "the package testcontainers is not installed"
    try:
        with closing(docker.from_env(timeout=_PING_LIMIT_S, environment=dict(environ))) as client:
            client.ping()
    except (docker.errors.DockerException, OSError):
        return "no Docker daemon answers"
    return None


def _somebody_listens(address: str) -> bool:
    """Whether a connection can be made; docker's own client is slower to ask, and leaks its socket."""
    url = urlsplit(address)
    if url.scheme not in ("unix", "tcp"):
        return True  # through ssh, for example: docker's client knows
    try:
        if url.scheme == "tcp":
            socket.create_connection((url.hostname, url.port or _USUAL_PORT), _PING_LIMIT_S).close()
        else:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_PING_LIMIT_S)
                probe.connect(url.path)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A server's image, the variables that give it its address, and the check that it answers there."""

    name: str
    answers: Callable[[str, int], bool]
    port: int | None = None  # inside the container; none: the same as outside
    environment: Callable[[str, int], Mapping[str, str]] = lambda _host, _port: {}


@contextmanager
def in_docker(image: Image) -> Iterator[tuple[str, int]]:
    """Run the server in a container for as long as the block lasts; yield its host and port.

    Raises `BackendUnavailable` if it does not come up, for example where its image cannot be pulled.
    """
    import docker  # noqa: PLC0415  (extras, and slow to import)
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    Console(stderr=True).print(f"Starting {image.name} in Docker.", highlight=False)
    with ExitStack() as stack:
        try:
            container = DockerContainer(image.name)
            stack.callback(container.stop)
            host, (port,) = container.get_docker_client().host(), free_ports(1)
            with interruptible():  # the image may have to come first
                container.with_bind_ports(image.port or port, port).with_envs(**image.environment(host, port)).start()
            started = container.get_wrapped_container()
            wait_until(
                lambda: image.answers(host, port),
                running=lambda: started.reload() or started.status == "running",
                address=f"{host}:{port}",
            )
        except (docker.errors.DockerException, OSError, RuntimeError, BackendUnavailable) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise BackendUnavailable(f"{image.name} did not start in Docker ({reason})") from error
        yield host, port


def container_environment(host: str, port: int) -> dict[str, str]:
    """Return the container's variables for a node that listens on `port` and tells clients to use `host`."""
    everywhere, scratch = "0.0.0.0", "/tmp/kafka"  # noqa: S104, S108  (inside a container)
    settings = node_settings(bind=everywhere, reached_at=host, port=port, controller_port=_CONTROLLER_PORT)
    return {"CLUSTER_ID": new_id(), **as_environment({**settings, "log.dirs": scratch})}


# Kafka has the same port number inside and outside: the node finds itself at the address that clients get.
KAFKA_IMAGE = Image(name="apache/kafka:4.1.1", answers=kafka_answers, environment=container_environment)
REGISTRY_IMAGE = Image(
    name="apicurio/apicurio-registry:3.3.3",
    answers=lambda host, port: page_answers(f"http://{host}:{port}{CONFLUENT_API}/subjects"),
    port=8080,
)
ZIPKIN_IMAGE = Image(
    name="openzipkin/zipkin:3.6.1",
    answers=lambda host, port: page_answers(f"http://{host}:{port}/api/v2/services"),
    port=9411,
)
