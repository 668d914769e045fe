"""The settings of the consumers and tools, read once, at the edge, from the environment into a typed value.

`TASKER_*` variables are ours; `KAFKA_*` are librdkafka's own settings and go to the client as they are. Any variable
may be given as `NAME_FILE`, the path of a file that holds the value: how containers are handed their secrets.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasker_producer.settings import ProducerSettings, kafka_config
from tasker_schemas import environment
from tasker_schemas.registry.settings import RegistrySettings
from tasker_schemas.topics import DEFAULT_PARTITIONS, DEFAULT_PREFIX

_PREFIX = "TASKER_"

#: Variables of ours that other parts read by themselves.
_READ_ELSEWHERE = (
    "TASKER_CONTEXT",
    "TASKER_CONTEXTS_FILE",
    "TASKER_NO_EXTENSIONS",
    "TASKER_FLUSH_TIMEOUT",
    "TASKER_SPAN_CONVENTION",
    "TASKER_TELEMETRY_EVENTS",
    "TASKER_TELEMETRY_FILE",
    "TASKER_TELEMETRY_GRACE_S",
    "TASKER_TELEMETRY_GROUP",
    "TASKER_TELEMETRY_PROVISIONAL",
    "TASKER_TELEMETRY_SAMPLE_RATIO",
    "TASKER_TELEMETRY_SAMPLE_SLOW_S",
)

#: Fields that many variables make up.
_READ_APART = ("kafka", "registry")

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_URL = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"
_SERVER = re.compile(r"([A-Za-z_]+://)?(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+)(:\d{1,5})?")

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False, description="a number of seconds above 0")]


class ConsumerSettings(BaseModel):
    """How the consumers run. The description of a field names the values that its variable may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Connection settings under librdkafka's names; a password may be among them.
    kafka: Mapping[str, str] = Field(default_factory=dict, repr=False)
    #: Where schemas are looked up by the ids in records; None without a registry.
    registry: RegistrySettings | None = None
    topic_prefix: str = Field(
        DEFAULT_PREFIX,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="letters, digits, dots, dashes and underscores, at most 100 of them",
    )
    #: Of topics that are created; source topics share the number, so that task and step streams can be joined.
    partitions: int = Field(DEFAULT_PARTITIONS, ge=1, le=10_000, description="a whole number from 1 to 10000")
    replication_factor: int = Field(
        -1, ge=-1, le=32_767, description="a number of replicas, or -1 for the cluster's default"
    )
    state_store: Literal["rocksdb", "memory"] = Field("rocksdb", description="rocksdb or memory")
    state_dir: Path = Field(Path("tasker-state"), description="a directory")
    web_host: str = Field("127.0.0.1", min_length=1, description="an address to listen at")
    web_port: int = Field(0, ge=0, le=65_535, description="a port from 0 (any free one) to 65535")
    web_url: str | None = Field(None, pattern=_URL, description="http://host:port, where other workers reach this one")
    #: Who may look at the web view from other machines, and where its links to other tools lead.
    web_token: str | None = Field(None, min_length=16, repr=False, description="16 characters or more")
    web_proxy_header: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="the name of a header")
    web_links: str | None = Field(None, description="NAME=https://…{trace_id}, separated by spaces")
    #: Where `tasker stats` asks.
    stats_url: str | None = Field(None, pattern=_URL, description="http://host:port of a stats worker")
    abandoned_after_s: Seconds = 86_400.0
    stats_retention_s: Seconds = 7 * 86_400.0
    stats_results_s: Seconds = 30 * 86_400.0
    stats_unfinished_s: Seconds = 365 * 86_400.0
    stats_metric_names: int = Field(100, ge=0, le=100_000, description="a whole number from 0 to 100000")
    stats_window_names: int = Field(1000, ge=0, le=100_000, description="a whole number from 0 to 100000")
    #: Where the store keeps its rows; by default a SQLite file below the state directory. A password may be in it.
    store_url: str | None = Field(None, repr=False, description="postgresql://… or sqlite:///…")
    store_retention_days: int = Field(90, ge=0, le=36_500, description="a number of days, 0 for ever")
    store_payload_days: int = Field(14, ge=0, le=36_500, description="a number of days, 0 as long as the events")
    store_payloads: bool = Field(True, description="true or false")
    error_rules: Path | None = Field(None, description="a YAML file with rules for groups of errors")
    commit_interval_s: Seconds = 1.0
    sweep_interval_s: Seconds = 30.0
    #: The worker's own name in its group, which keeps its partitions while it starts again.
    group_instance_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}$",
        description="letters, digits, dots, dashes and underscores, at most 249 of them, no dot first",
    )
    session_timeout_s: float | None = Field(None, gt=0, allow_inf_nan=False, description="a number of seconds above 0")
    broker_timeout_s: Seconds = 120.0
    quarantine_limit: int = Field(100, ge=1, le=1_000_000, description="a whole number from 1 to 1000000")
    span_names: Literal["tasker", "readable"] = Field("tasker", description="tasker or readable")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")

    @property
    def session_timeout(self) -> float:
        """Seconds without a heartbeat after which others take over; a worker with a name gets time to come back."""
        return self.session_timeout_s or (45.0 if self.group_instance_id else 10.0)

    @property
    def database(self) -> str:
        """The URL of the store's database.

        >>> ConsumerSettings().database
        'sqlite:///tasker-state/store/store.db'
        """
        return self.store_url or f"sqlite:///{self.state_dir / 'store' / 'store.db'}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that the environment holds; settings that it does not name have their defaults.

        >>> ConsumerSettings.from_env({"TASKER_WEB_PORT": "8080"}).web_port
        8080
        >>> ConsumerSettings.from_env({"TASKER_PARTITIONS": "six"})
        Traceback (most recent call last):
        tasker_schemas.errors.ConfigurationError: TASKER_PARTITIONS is 'six'; expected a whole number from 1 to 10000.

        Raises ConfigurationError for the first value that cannot work.
        """
        texts = {name: environment.text(environ, variable) for name, variable in _variables(cls).items()}
        kafka = kafka_config(environ)
        _check_kafka(kafka)
        try:
            settings = cls(
                kafka=kafka,
                registry=RegistrySettings.from_env(environ),
                **{name: text for name, text in texts.items() if text},  # type: ignore[arg-type]  # pydantic reads text
            )
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise environment.refusal(_variables(cls)[name], texts[name] or "", _expectation(cls, name)) from None
        return settings


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each `TASKER_*` variable that nothing reads, with the name that was likely meant.

    >>> unknown_variables({"TASKER_TOPIC_PREFX": "shop"})
    ['TASKER_TOPIC_PREFX is not a setting; did you mean TASKER_TOPIC_PREFIX?']
    """
    names = {*_variables(ConsumerSettings).values(), *_READ_ELSEWHERE}
    names |= {_PREFIX + field.name.upper() for field in fields(ProducerSettings)}
    return environment.unknown_variables(environ, names)


def _check_kafka(kafka: Mapping[str, str]) -> None:
    """Refuse the usual mistakes in the client's settings; the client reports others itself, less helpfully."""
    protocol = kafka.get("security.protocol", "PLAINTEXT")
    if protocol.upper() not in _PROTOCOLS:
        raise environment.refusal("KAFKA_SECURITY_PROTOCOL", protocol, f"one of {', '.join(_PROTOCOLS)}")
    if servers := kafka.get("bootstrap.servers", ""):
        check_brokers(servers)


def check_brokers(servers: str, name: str = "KAFKA_BOOTSTRAP_SERVERS") -> None:
    """Raise ConfigurationError for brokers that are no list of host:port; `name` is their variable or option."""
    if not all(_SERVER.fullmatch(server.strip()) for server in servers.split(",")):
        raise environment.refusal(name, servers, "host:port[,host:port]")


def _variables(settings: type[ConsumerSettings]) -> dict[str, str]:
    """Return the variable of each field."""
    return {name: _PREFIX + name.upper() for name in settings.model_fields if name not in _READ_APART}


def _expectation(settings: type[ConsumerSettings], name: str) -> str:
    return settings.model_fields[name].description or "another value"
