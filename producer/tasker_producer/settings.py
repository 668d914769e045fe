"""What a publisher needs to know, read once from the environment.

`KAFKA_*` is any setting of librdkafka, `TASKER_*` is ours, and `<NAME>_FILE` names a file that holds the value.
"""

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings
from tasker_producer.masking.masker import DEFAULT_MASK, DEFAULT_PATTERNS, Pattern, parse_patterns
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import Family
from tasker_schemas.registry.settings import RegistrySettings
from tasker_schemas.topics import DEFAULT_PREFIX, event_topic

DEFAULT_SERVICE = "tasker"
# Outlives a restart of the process; name a volume to outlive the machine. The user's id keeps users apart.
DEFAULT_SPOOL_DIR = Path(tempfile.gettempdir()) / f"tasker-spool-{os.getuid()}"

_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

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
    inherit inside a task that was created outside of any trace; without them the service's sampler decides.
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
    spool_dir: Path = DEFAULT_SPOOL_DIR
    spool_max_bytes: int = 256 << 20
    spool_full: FullPolicy = FullPolicy.DROP_OLDEST
    spool_block_s: float = 1.0
    registry: RegistrySettings | None = None
    on_misuse: OnMisuse | None = None
    trace_flags: int | None = None

    def spool(self) -> SpoolSettings | None:
        """Return how events wait on disk; None where no byte is given for it."""
        if not self.spool_max_bytes:
            return None
        # What waits for one Kafka must never go to another.
        target = f"{self.kafka.get('bootstrap.servers')} {self.topic_prefix}"
        directory = self.spool_dir / f"{self.service_name}-{sha256(target.encode()).hexdigest()[:8]}"
        topics = frozenset(event_topic(family, self.topic_prefix) for family in Family)
        return SpoolSettings(directory, self.spool_max_bytes, self.spool_full, self.spool_block_s, topics)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "ProducerSettings":
        """Read the settings; what is not set keeps its default.

        Raises ConfigurationError naming the variable, its value and what was expected.
        """
        patterns = _value(environ, "TASKER_FILTER_PARAMETERS")
        return cls(
            kafka=kafka_config(environ),
            topic_prefix=_value(environ, "TASKER_TOPIC_PREFIX") or DEFAULT_PREFIX,
            service_name=_value(environ, "TASKER_SERVICE_NAME") or environ.get("OTEL_SERVICE_NAME") or DEFAULT_SERVICE,
            service_version=_value(environ, "TASKER_SERVICE_VERSION") or "",
            filter_parameters=DEFAULT_PATTERNS if patterns is None else parse_patterns(patterns),
            filter_mask=_value(environ, "TASKER_FILTER_MASK") or DEFAULT_MASK,
            backtrace_frames=int(_number(environ, "TASKER_BACKTRACE_FRAMES", 10, at_least=0)),
            max_record_bytes=int(_number(environ, "TASKER_MAX_RECORD_BYTES", 900_000, at_least=4096)),
            flush_timeout_s=_number(environ, "TASKER_FLUSH_TIMEOUT", 5.0, at_least=0),
            flush_on_sigterm=_flag(environ, "TASKER_FLUSH_ON_SIGTERM", default=True),
            spool_dir=Path(_value(environ, "TASKER_SPOOL_DIR") or DEFAULT_SPOOL_DIR),
            spool_max_bytes=int(_number(environ, "TASKER_SPOOL_MAX_BYTES", 256 << 20, at_least=0)),
            spool_full=_policy(environ),
            registry=RegistrySettings.from_env(environ),
            spool_block_s=_number(environ, "TASKER_SPOOL_BLOCK_S", 1.0, at_least=0),
            on_misuse=_on_misuse(environ),
            trace_flags=_trace_flags(environ),
        )


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
    """Return the `KAFKA_*` variables as settings of librdkafka.

    >>> kafka_config({"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "KAFKA_HEAP_OPTS": "-Xmx1g"})
    {'bootstrap.servers': 'kafka:9092'}

    Raises ConfigurationError for a file that cannot be read, and for a setting given twice.
    """
    names = {name.removesuffix("_FILE") for name in environ if name.startswith("KAFKA_")}
    found = {name: _value(environ, name) for name in sorted(names) if not _NOT_OURS.fullmatch(name)}
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in found.items()
        if value is not None and value != ""
    }


def _value(environ: Mapping[str, str], name: str) -> str | None:
    """Return a variable's value, from the file that `<name>_FILE` names if there is one."""
    path = environ.get(f"{name}_FILE")
    if path is None:
        return environ.get(name)
    if name in environ:
        raise ConfigurationError(f"{name} and {name}_FILE are both set: keep one of them")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}_FILE={path} cannot be read: {error}") from error


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = (_value(environ, name) or str(default)).lower()
    if text not in _FLAGS:
        raise ConfigurationError(f"{name}={text!r} is not one of {', '.join(_FLAGS)}")
    return _FLAGS[text]


def _policy(environ: Mapping[str, str]) -> FullPolicy:
    text = _value(environ, "TASKER_SPOOL_FULL") or FullPolicy.DROP_OLDEST
    try:
        return FullPolicy(text)
    except ValueError as error:
        raise ConfigurationError(f"TASKER_SPOOL_FULL={text!r} is not one of {', '.join(FullPolicy)}") from error


def _number(environ: Mapping[str, str], name: str, default: float, *, at_least: float) -> float:
    text = _value(environ, name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not at_least <= number < float("inf"):
        raise ConfigurationError(f"{name}={text!r} is not a number of at least {at_least:g}")
    return number
