"""Ports for servers that may stop and come back on the same port."""

import random
import socket

# Below every system's range for outgoing connections (Linux from 32768, macOS from 49152). A port of that range
# may be taken by anybody's connection while the server is down, even by a client that tries to reach it.
_FROM, _TO = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Return ports of this machine's loopback interface that nobody listens on at the moment.

    >>> len(set(free_ports(3)))
    3
    """
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.randrange(_FROM, _TO)  # noqa: S311  (not a secret)
        if port not in chosen and _is_free(port):
            chosen.append(port)
    return chosen


def _is_free(port: int) -> bool:
    """Whether nobody listens on the port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
