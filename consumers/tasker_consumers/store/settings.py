"""The settings of a store worker; whoever builds them has read the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.store.core.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """How a store worker runs; all times are in seconds."""

    #: Connection settings under librdkafka's names.
    kafka: Mapping[str, str] = field(repr=False)  # a password may be among them
    url: str = field(repr=False)  # and here
    prefix: str = "tasker"
    retention: Retention = field(default_factory=Retention)
    #: Whether inputs, results and contexts are stored.
    payloads: bool = True
    web_host: str = "127.0.0.1"
    web_port: int = 0
    #: A name that is this worker's over restarts: its partitions wait for it.
    group_instance_id: str | None = None
    session_timeout: float = 10.0
    #: How long the broker may be away before the worker gives up with exit code 1.
    broker_timeout: float = 120.0
    quarantine_limit: int = 100
    replication_factor: int = -1
    #: Most records of a transaction.
    batch_size: int = 5000

    @property
    def group(self) -> str:
        """The consumer group."""
        return f"{self.prefix}-store"

    @classmethod
    def of(cls, settings: ConsumerSettings) -> "StoreSettings":
        """Return the settings of the store among those of all consumers."""
        return cls(
            kafka=settings.kafka,
            url=settings.database,
            prefix=settings.topic_prefix,
            retention=Retention(days=settings.store_retention_days, payload_days=settings.store_payload_days),
            payloads=settings.store_payloads,
            web_host=settings.web_host,
            web_port=settings.web_port,
            group_instance_id=settings.group_instance_id,
            session_timeout=settings.session_timeout,
            broker_timeout=settings.broker_timeout_s,
            quarantine_limit=settings.quarantine_limit,
            replication_factor=settings.replication_factor,
        )
