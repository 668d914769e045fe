"""What a node is given before it starts: ports, ids, settings."""

import socket
from collections.abc import Iterator

import pytest

from tasker_consumers.embedded.docker import container_environment
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.embedded.settings import as_environment, as_properties, node_settings
from tasker_consumers.embedded.storage import new_id, with_new_ids

SETTINGS = node_settings(bind="127.0.0.1", reached_at="127.0.0.1", port=29092, controller_port=29093)


@pytest.fixture
def taken_port() -> Iterator[int]:
    (port,) = free_ports(1)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield port


def test_ports_are_outside_every_range_for_outgoing_connections() -> None:
    assert all(1024 < port < 32768 for port in free_ports(50))


def test_a_port_that_somebody_listens_on_is_not_chosen(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([taken_port, 31999])
    monkeypatch.setattr("tasker_consumers.embedded.ports.random.randrange", lambda *_: next(draws))
    assert free_ports(1) == [31999]


def test_each_node_gets_ids_of_its_own_in_the_form_kafka_demands() -> None:
    ids = {new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(len(each) == 22 and not each.startswith("-") for each in ids)


def test_new_ids_leave_every_other_property_alone() -> None:
    before = "#Thu Jan 01\ncluster.id=old\nversion=1\ndirectory.id=old\nnode.id=1\n"
    names = [line.split("=")[0] for line in with_new_ids(before).splitlines()]
    assert names == ["cluster.id", "version", "directory.id", "node.id"]
    assert "old" not in with_new_ids(before)


def test_a_node_creates_no_topic_by_a_readers_mistake() -> None:
    assert "auto.create.topics.enable=false\n" in as_properties(SETTINGS)


def test_a_container_is_told_every_setting_of_an_embedded_node() -> None:
    environment = container_environment("localhost", 29092)
    assert environment.keys() >= as_environment(SETTINGS).keys()
    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://localhost:29092"
