"""The same Kafka in a container, where a Docker daemon answers."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

from rich.console import Console

from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.readiness import wait_until_it_answers
from tasker_consumers.embedded.settings import as_environment, node_settings
from tasker_consumers.embedded.storage import new_id
from tasker_schemas.errors import BackendUnavailable

IMAGE = "apache/kafka:4.1.1"
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
    """Whether a connection can be made: to ask docker's own client is slower, and it leaks what it opened."""
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


@contextmanager
def kafka_in_docker() -> Iterator[str]:
    """Run a Kafka in a container for as long as the block lasts; yield its bootstrap servers.

    Raises `BackendUnavailable` if it does not come up, for example where its image cannot be pulled.
    """
    import docker  # noqa: PLC0415  (extras, and slow to import)
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    Console(stderr=True).print(f"Starting {IMAGE} in Docker.", highlight=False)
    with ExitStack() as stack:
        try:
            container = DockerContainer(IMAGE)
            stack.callback(container.stop)
            host, (port,) = container.get_docker_client().host(), free_ports(1)
            # One port number inside and outside: the node finds itself at the address that clients get.
            container.with_bind_ports(port, port).with_envs(**container_environment(host, port)).start()
            started = container.get_wrapped_container()
            wait_until_it_answers(host, port, running=lambda: started.reload() or started.status == "running")
        except (docker.errors.DockerException, OSError, RuntimeError, BackendUnavailable) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise BackendUnavailable(f"{IMAGE} did not start in Docker ({reason})") from error
        yield f"{host}:{port}"


def container_environment(host: str, port: int) -> dict[str, str]:
    """Return the container's variables for a node that listens on `port` and tells clients to use `host`."""
    everywhere, scratch = "0.0.0.0", "/tmp/kafka"  # noqa: S104, S108  (inside a container)
    settings = node_settings(bind=everywhere, reached_at=host, port=port, controller_port=_CONTROLLER_PORT)
    return {"CLUSTER_ID": new_id(), **as_environment({**settings, "log.dirs": scratch})}
