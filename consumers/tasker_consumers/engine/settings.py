"""The settings of a worker; whoever builds them has read the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tasker_schemas.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How a worker runs; all times are in seconds.

    >>> EngineSettings(kafka={"bootstrap.servers": "localhost:9092"}).heartbeat_interval
    2.5
    """

    #: Connection settings under librdkafka's names; only `bootstrap.servers` is required.
    kafka: Mapping[str, str] = field(repr=False)  # a password may be among them
    #: Where states live. `memory` reads the whole changelog at each start, `rocksdb` only the records it missed.
    store: Literal["rocksdb", "memory"] = "rocksdb"
    #: Directory for the states on disk. Workers on the same host may share it: each takes a free place in it.
    state_dir: Path = Path("tasker-state")
    web_host: str = "127.0.0.1"
    #: Port of the web server; 0 takes a free port.
    web_port: int = 0
    #: Where the other workers of the group reach this worker; by default the address that the web server listens at.
    web_url: str | None = None
    #: The name under which the group keeps this worker's partitions while it starts again; no other worker has it.
    group_instance_id: str | None = None
    commit_interval: float = 1.0
    #: How often stored states are asked whether something is due.
    sweep_interval: float = 30.0
    #: After how long without a heartbeat the group gives a worker's partitions to others.
    session_timeout: float = 10.0
    #: How long a rebalance or a stop waits for the runs in work before it abandons them to their next delivery.
    drain_timeout: float = 10.0
    #: How long the broker may be away before the worker gives up with exit code 1.
    broker_timeout: float = 120.0
    #: Replicas of the topics the engine makes; -1 leaves it to the cluster.
    replication_factor: int = -1
    #: Most records that are folded together.
    batch_size: int = 32000
    #: Tasks that may fail unexpectedly within a minute; their records go to the dead letters, more end the worker.
    quarantine_limit: int = 100

    def __post_init__(self) -> None:
        if not self.kafka.get("bootstrap.servers"):
            raise ConfigurationError("bootstrap.servers is not set: name the Kafka brokers as host:port[,host:port].")
        if self.store not in ("rocksdb", "memory"):
            raise ConfigurationError(f"store is {self.store!r}; expected rocksdb or memory.")
        if not 0 <= self.web_port <= 65_535:  # noqa: PLR2004  the range of TCP ports
            raise ConfigurationError(f"web_port is {self.web_port}; expected 0 to 65535.")
        for name in (
            "commit_interval",
            "sweep_interval",
            "session_timeout",
            "drain_timeout",
            "broker_timeout",
            "batch_size",
            "quarantine_limit",
        ):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; expected a number above 0.")

    @property
    def heartbeat_interval(self) -> float:
        """Four chances to be heard within a session; a heartbeat also brings the news of a rebalance."""
        return min(self.session_timeout / 4, 2.5)
