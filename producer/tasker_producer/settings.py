"""The settings of a publisher, read once from the environment.

`KAFKA_*` is any setting of librdkafka, `TASKER_*` is ours, and `<NAME>_FILE` names a file that holds the value.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings
from tasker_producer.masking.masker import DEFAULT_MASK, DEFAULT_PATTERNS, Pattern, parse_patterns
from tasker_schemas import environment
from tasker_schemas.registry.settings import RegistrySettings
from tasker_schemas.topics import DEFAULT_PREFIX, event_topics

_log = logging.getLogger("tasker_producer")

DEFAULT_SERVICE = "tasker"
_LIKELY = 0.9  # a wrong letter or two in a name

# Kafka's own start scripts and images use these, and Kubernetes sets the others in every pod beside a service "kafka".
_NOT_OURS = re.compile(
    r"KAFKA_(HOME|VERSION|OPTS|\w+_OPTS|DEBUG|CLUSTER_ID|PORT|PORT_.*|SERVICE_HOST|SERVICE_PORT|SERVICE_PORT_.*)"
)


class OnMisuse(StrEnum):
    """The answer to a caller's mistake."""

    LOG = "log"  # for production: log it once a minute, count it, publish the rest of the event
    RAISE = "raise"  # for tests: UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerSettings:
    """How events leave this process.

    `kafka` holds librdkafka's settings by their own names; times are in seconds, sizes in bytes. Without `on_misuse` a
    caller's mistake raises under pytest and is logged elsewhere. `trace_flags` are those that the service's own spans
    inherit inside a task that was created outside of any trace; without them the service's sampler decides. What is
    not `enabled` publishes nothing. `foreign_kafka` names settings that are left out where they cannot be ours. Of
    OpenTelemetry's baggage only the entries of `baggage_keys` are in headers.
    """

    kafka: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)  # a password
    topic_prefix: str = DEFAULT_PREFIX
    service_name: str = DEFAULT_SERVICE
    service_version: str = ""
    filter_parameters: tuple[Pattern, ...] = DEFAULT_PATTERNS
    filter_mask: str = DEFAULT_MASK
    backtrace_frames: int = 10
    max_record_bytes: int = 900_000
    flush_timeout_s: float = 5.0
    flush_on_sigterm: bool = True
    spool_dir: Path | None = None
    spool_max_bytes: int = 256 << 20
    spool_full: FullPolicy = FullPolicy.DROP_OLDEST
    spool_block_s: float = 1.0
    registry: RegistrySettings | None = None
    on_misuse: OnMisuse | None = None
    trace_flags: int | None = None
    enabled: bool = True
    foreign_kafka: frozenset[str] = frozenset()
    baggage_keys: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("service_name", "service_version"):
            text = str(getattr(self, name))
            shown = text.encode(errors="replace").decode()
            if shown != text:  # half a character, such as of a variable that is not UTF-8
                object.__setattr__(self, name, shown)
                _log.warning("TASKER_%s is no text of Unicode: %s is used", name.upper(), shown)

    @property
    def spool_root(self) -> Path:
        """The directory in which each service has a directory for its spool files."""
        return self.spool_dir or default_spool_dir()

    @property
    def spool_digest(self) -> str:
        """The end of the directory's name: events that wait for a Kafka must never go to another."""
        target = f"{self.kafka.get('bootstrap.servers')} {self.topic_prefix}"
        return sha256(target.encode()).hexdigest()[:8]

    def spool(self) -> SpoolSettings | None:
        """Return how events wait on disk; None where no byte is given for it."""
        if not self.spool_max_bytes:
            return None
        directory = self.spool_root / f"{self.service_name.replace('/', '_')}-{self.spool_digest}"
        topics = frozenset(event_topics(self.topic_prefix))
        return SpoolSettings(directory, self.spool_max_bytes, self.spool_full, self.spool_block_s, topics)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "ProducerSettings":
        """Read the settings; those that are not set keep their defaults.

        Raises ConfigurationError naming the variable, its value and the expected form.
        """
        text, number, seconds = environment.text, environment.whole_number, environment.duration
        patterns, spool_dir = text(environ, "TASKER_FILTER_PARAMETERS"), text(environ, "TASKER_SPOOL_DIR")
        return cls(
            kafka=kafka_config(environ),
            topic_prefix=text(environ, "TASKER_TOPIC_PREFIX") or DEFAULT_PREFIX,
            service_name=text(environ, "TASKER_SERVICE_NAME") or environ.get("OTEL_SERVICE_NAME") or DEFAULT_SERVICE,
            service_version=text(environ, "TASKER_SERVICE_VERSION") or "",
            # A list of nothing, such as ",", is a mistake that must not show everything.
            filter_parameters=parse_patterns(patterns or "") or DEFAULT_PATTERNS,
            filter_mask=text(environ, "TASKER_FILTER_MASK") or DEFAULT_MASK,
            backtrace_frames=number(environ, "TASKER_BACKTRACE_FRAMES", 10, minimum=0, maximum=1_000),
            max_record_bytes=number(environ, "TASKER_MAX_RECORD_BYTES", 900_000, minimum=4096, maximum=1 << 30),
            flush_timeout_s=seconds(environ, "TASKER_FLUSH_TIMEOUT", 5.0),
            flush_on_sigterm=environment.flag(environ, "TASKER_FLUSH_ON_SIGTERM", default=True),
            spool_dir=Path(spool_dir) if spool_dir is not None else None,
            spool_max_bytes=number(environ, "TASKER_SPOOL_MAX_BYTES", 256 << 20, minimum=0, maximum=1 << 50),
            spool_full=environment.choice(environ, "TASKER_SPOOL_FULL", tuple(FullPolicy), FullPolicy.DROP_OLDEST),
            registry=RegistrySettings.from_env(environ),
            spool_block_s=seconds(environ, "TASKER_SPOOL_BLOCK_S", 1.0),
            on_misuse=_on_misuse(environ),
            trace_flags=_trace_flags(environ),
            enabled=_is_enabled(environ),
            foreign_kafka=foreign_kafka_names(environ),
            baggage_keys=_baggage_keys(environ),
        )


def _baggage_keys(environ: Mapping[str, str]) -> frozenset[str]:
    keys = (environment.text(environ, "TASKER_BAGGAGE_KEYS") or "").split(",")
    return frozenset(key.strip() for key in keys) - {""}


def _is_enabled(environ: Mapping[str, str]) -> bool:
    is_sdk_off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"  # OpenTelemetry's own rule
    return environment.flag(environ, "TASKER_ENABLED", default=True) and not is_sdk_off


def default_on_misuse(default: OnMisuse | None = None, environ: Mapping[str, str] = os.environ) -> OnMisuse:
    """Return the answer to a caller's mistake where the settings name none: `TASKER_ON_MISUSE`, else `default`.

    Without `default`: raise under pytest, log elsewhere. Raises ConfigurationError for another text in the variable.
    """
    is_test = "pytest" in sys.modules and ("PYTEST_VERSION" in environ or "PYTEST_CURRENT_TEST" in environ)
    return _on_misuse(environ) or default or (OnMisuse.RAISE if is_test else OnMisuse.LOG)


def _on_misuse(environ: Mapping[str, str]) -> OnMisuse | None:
    if environment.text(environ, "TASKER_ON_MISUSE") is None:
        return None
    return environment.choice(environ, "TASKER_ON_MISUSE", tuple(OnMisuse), OnMisuse.LOG)


def _trace_flags(environ: Mapping[str, str]) -> int | None:
    flags = environment.text(environ, "TASKER_TRACE_FLAGS")
    if flags is None:
        return None
    if not re.fullmatch("[0-9a-f]{2}", flags):
        raise environment.refusal("TASKER_TRACE_FLAGS", flags, "two hexadecimal digits such as 00 or 01")
    return int(flags, 16)


def kafka_config(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the `KAFKA_*` variables as settings of librdkafka; `TASKER_KAFKA_*` is for us alone, and wins.

    >>> kafka_config({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "KAFKA_ACKS": "1", "TASKER_KAFKA_ACKS": "all"})
    {'acks': 'all', 'bootstrap.servers': 'kafka:9092'}

    Raises ConfigurationError for a file that cannot be read, and for a setting given twice.
    """
    return {**_librdkafka(environ, "KAFKA_"), **_librdkafka(environ, "TASKER_KAFKA_")}


def foreign_kafka_names(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the settings that only `KAFKA_*` variables give: the service may have meant them for its own client."""
    return frozenset(_librdkafka(environ, "KAFKA_")) - frozenset(_librdkafka(environ, "TASKER_KAFKA_"))


def _librdkafka(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    variables = {name: value for name, value in environ.items() if not _NOT_OURS.fullmatch(name)}
    return {
        name.removeprefix(prefix).lower().replace("_", "."): value
        for name, value in environment.variables_with_prefix(variables, prefix).items()
    }


def default_spool_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where events wait when no setting names a directory: one that outlives the process, if there is any.

    The user's id keeps users apart. Nothing is made, and nothing is tried but the right to write.
    """
    name = f"tasker-spool-{os.getuid()}"
    state = environ.get("XDG_STATE_HOME", "")
    for directory in (Path(state) if Path(state).is_absolute() else None, Path("/var/lib")):
        if directory is not None and os.access(directory, os.W_OK | os.X_OK):
            return directory / name
    return Path(environ.get("TMPDIR") or "/tmp") / name  # noqa: S108  its owner and mode are looked at before its use


def misspelt_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return a sentence for each `TASKER_*` variable that looks like a producer's variable and is none.

    >>> misspelt_variables({"TASKER_FILTER_PARAMETRES": "ssn"})
    ['TASKER_FILTER_PARAMETRES is not a setting; did you mean TASKER_FILTER_PARAMETERS?']
    """
    names = {environment.PREFIX + item.name.upper() for item in fields(ProducerSettings)} | {"TASKER_FLUSH_TIMEOUT"}
    valid_names = names | {name + environment.FILE_SUFFIX for name in names}
    unknown_names = {name for name in environ if name.startswith(environment.PREFIX)} - valid_names
    likely = {name for name in unknown_names if get_close_matches(name, valid_names, n=1, cutoff=_LIKELY)}
    return environment.unknown_variables(likely, names)
