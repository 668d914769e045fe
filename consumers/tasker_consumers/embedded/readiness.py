"""Waiting until a Kafka answers."""

import socket
import time
from collections.abc import Callable

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_schemas.errors import BackendUnavailable

_START_LIMIT_S = 60.0
_ANSWER_LIMIT_S = 5.0
_LOOK_EVERY_S = 0.05


def wait_until_it_answers(host: str, port: int, running: Callable[[], bool]) -> None:
    """Return when the broker that was just started answers requests.

    Raises `BackendUnavailable` when it no longer runs, or after a minute.
    """
    deadline = time.monotonic() + _START_LIMIT_S
    while not _answers(host, port):
        if not running():
            raise BackendUnavailable("ended while it started")
        if time.monotonic() > deadline:
            raise BackendUnavailable(f"did not answer at {host}:{port} within {_START_LIMIT_S:.0f} s")
        time.sleep(_LOOK_EVERY_S)


def _answers(host: str, port: int) -> bool:
    try:
        # librdkafka waits ever longer between its tries; a bare connection is cheap to try.
        socket.create_connection((host, port), _ANSWER_LIMIT_S).close()
        client = AdminClient({"bootstrap.servers": f"{host}:{port}", "log_level": 0})
        return bool(client.list_topics(timeout=_ANSWER_LIMIT_S).brokers)
    except (OSError, KafkaException):
        return False
