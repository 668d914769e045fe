"""The address by which other workers reach this worker."""

import socket
from contextlib import closing

from tasker_consumers.engine.settings import EngineSettings

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  recognised here, not bound
_ANY_PORT = 9  # of a datagram that is never sent


def advertised_url(settings: EngineSettings, port: int) -> str:
    """Return the setting, else the address that the web server listens at, with the port it was given.

    A server that listens everywhere has no address of its own: then it is this machine's address towards Kafka.
    """
    if settings.web_url:
        return settings.web_url.rstrip("/")
    host = settings.web_host
    return url_of(_towards(settings.kafka["bootstrap.servers"]) if host in _EVERYWHERE else host, port)


def url_of(host: str, port: int) -> str:
    """Return the URL of a server.

    >>> url_of("::1", 8080)
    'http://[::1]:8080'
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _towards(servers: str) -> str:
    """Return the address of the interface behind which the first broker is; the host's name if it is not known."""
    first = servers.partition(",")[0].rpartition("://")[2].rpartition(":")[0].strip("[]")
    try:
        family, kind, *_, address = socket.getaddrinfo(first, _ANY_PORT, type=socket.SOCK_DGRAM)[0]
        with closing(socket.socket(family, kind)) as probe:
            probe.connect(address)  # sends nothing: it only looks up the way
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
