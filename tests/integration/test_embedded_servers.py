"""What all embedded servers have in common."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasker_consumers.embedded import EmbeddedKafka, EmbeddedRegistry, EmbeddedZipkin
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.server import EmbeddedServer
from tasker_schemas.errors import BackendUnavailable, UsageError

every_server = pytest.mark.parametrize("kind", [EmbeddedKafka, EmbeddedRegistry, EmbeddedZipkin])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        yield squatter.getsockname()[1]


@every_server
def test_a_given_port_that_is_taken_is_named_in_the_error(
    kind: type[EmbeddedServer], tmp_path: Path, taken_port: int
) -> None:
    expected = rf"Another process listens on 127.0.0.1:{taken_port}\b.* embedded {kind.name} needs"
    with pytest.raises(BackendUnavailable, match=expected), kind(data_dir=tmp_path, port=taken_port):
        pass


@every_server
def test_a_server_that_was_never_started_has_no_address(kind: type[EmbeddedServer]) -> None:
    with pytest.raises(UsageError, match=f"An {kind.__name__} has no address .* `with` block"):
        _ = kind().port


def test_a_port_that_is_taken_since_it_was_chosen_is_given_up(monkeypatch: pytest.MonkeyPatch, taken_port: int) -> None:
    choices = [[taken_port, *free_ports(1)], free_ports(2)]
    wanted = f"127.0.0.1:{choices[1][0]}"
    monkeypatch.setattr("tasker_consumers.embedded.server.free_ports", lambda _: choices.pop(0))
    with EmbeddedKafka() as broker:
        assert broker.bootstrap_servers == wanted
