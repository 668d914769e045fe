"""Waiting until a server that was just started answers."""

import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import urlopen

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.stop_signals import pause
from tasker_schemas.errors import BackendUnavailable

_START_LIMIT_S = 120.0  # a machine that starts several at once needs half a minute for each
_ANSWER_LIMIT_S = 5.0
_LOOK_EVERY_S = 0.05


def wait_until(answers: Callable[[], bool], *, running: Callable[[], bool], address: str) -> None:
    """Return when the server at the address answers.

    Raises `BackendUnavailable` when it no longer runs, or after two minutes.
    """
    deadline = time.monotonic() + _START_LIMIT_S
    while not answers():
        if not running():
            raise BackendUnavailable("ended while it started")
        if time.monotonic() > deadline:
            raise BackendUnavailable(f"did not answer at {address} within {_START_LIMIT_S:.0f} s")
        pause(_LOOK_EVERY_S)


def kafka_answers(host: str, port: int) -> bool:
    """Whether a broker answers requests there."""
    try:
        # librdkafka waits ever longer between its tries; a bare connection is cheap to try.
        socket.create_connection((host, port), _ANSWER_LIMIT_S).close()
        client = AdminClient({"bootstrap.servers": f"{host}:{port}", "log_level": 0})
        return bool(client.list_topics(timeout=_ANSWER_LIMIT_S).brokers)
    except (OSError, KafkaException):
        return False


def page_answers(url: str) -> bool:
    """Whether the page is there; a page that asks for a login counts."""
    try:
        with urlopen(url, timeout=_ANSWER_LIMIT_S):  # noqa: S310  (a URL of ours)
            return True
    except HTTPError as error:
        error.close()
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False
