"""The settings of a single Kafka node that starts fast and stays small; the same in a container."""

from collections.abc import Mapping

CONTROLLER_NODE = 1

_SINGLE_AND_SMALL: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": str(CONTROLLER_NODE),
    "controller.listener.names": "CONTROLLER",
    # Topics are created with a number of partitions that matters, never by a reader's mistake.
    "auto.create.topics.enable": "false",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "2",
    # There is no second broker to wait for.
    "group.initial.rebalance.delay.ms": "0",
    # After a crash the node waits until its own former session has run out: the default is 9 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    # The default reserves 128 MB of heap for compaction.
    "log.cleaner.dedupe.buffer.size": "16777216",
}


def node_settings(
    *, bind: str, reached_at: str, port: int, controller_port: int, protocol: str = "PLAINTEXT"
) -> dict[str, str]:
    """Return the settings of a node that listens on the address `bind` and tells clients to use `reached_at`.

    >>> node_settings(bind="0.0.0.0", reached_at="localhost", port=29092, controller_port=29093)["listeners"]
    'PLAINTEXT://0.0.0.0:29092,CONTROLLER://127.0.0.1:29093'
    """
    return {
        **_SINGLE_AND_SMALL,
        "listener.security.protocol.map": f"{protocol}:{protocol},CONTROLLER:{protocol}",
        "listeners": f"{protocol}://{bind}:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"{protocol}://{reached_at}:{port}",
        "controller.quorum.voters": f"{CONTROLLER_NODE}@127.0.0.1:{controller_port}",
    }


def as_properties(settings: Mapping[str, str]) -> str:
    r"""Return the settings as a Java properties file.

    >>> as_properties({"node.id": "1", "log.dirs": "C:\\data"})
    'node.id=1\nlog.dirs=C:\\\\data\n'
    """
    return "".join(f"{name}={value.replace(chr(92), 2 * chr(92))}\n" for name, value in settings.items())


def as_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings as the variables that the official container image reads.

    >>> as_environment({"node.id": "1"})
    {'KAFKA_NODE_ID': '1'}
    """
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
