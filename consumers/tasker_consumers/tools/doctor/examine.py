"""All checks in their order: a check that fails stops no other check."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from tasker_consumers.tools.doctor.connection import Connection, check_brokers, check_connection
from tasker_consumers.tools.doctor.dead_letter_checks import check_dead_letters
from tasker_consumers.tools.doctor.finding import Finding, Verdict, guarded
from tasker_consumers.tools.doctor.group_checks import check_group
from tasker_consumers.tools.doctor.service_checks import check_otlp, check_program, check_registry
from tasker_consumers.tools.doctor.topic_checks import check_round_trip, check_topics
from tasker_schemas import environment
from tasker_schemas.topics import dead_letter_topic

_SERVERS = "bootstrap.servers"
_TELEMETRY_GROUP = "TASKER_TELEMETRY_GROUP"
_RIGHTS = "does this client have the rights that docs/security.md lists?"
#: Names of checks that a broker answers, before the groups and dead letters.
_OF_KAFKA = ("brokers", "topics", "round trip")

Check = tuple[str, Callable[[], Iterable[Finding]]]


def examine(
    kafka: Mapping[str, str], prefix: str, environ: Mapping[str, str], *, is_new: bool = False
) -> Iterator[Finding]:
    """Yield the findings of all checks; `is_new` means that this Kafka has just started and is empty.

    Without an address in `kafka`, and when no broker answers, the checks that need a broker are skipped.
    """
    yield from guarded("program", check_program, "install tasker-events again")
    groups = _groups(prefix, environ)
    if not kafka.get(_SERVERS):
        remedy = "set it to host:port[,host:port], or call `tasker -b host:port doctor`; --embedded starts a Kafka"
        yield Finding("kafka", Verdict.FAILED, "KAFKA_BOOTSTRAP_SERVERS is not set", remedy)
        yield from _skipped(groups, "no broker is named")
    else:
        connection = Connection(kafka)
        state = check_connection(connection)
        yield state
        if state.verdict is Verdict.FAILED:
            yield from _skipped(groups, "no broker answers")
        else:
            for name, check in _kafka_checks(kafka, connection, prefix, groups, is_new=is_new):
                yield from guarded(name, check, _RIGHTS)
    yield from guarded("registry", lambda: check_registry(environ, prefix), "is SCHEMA_REGISTRY_URL right?")
    yield from guarded("otlp", lambda: check_otlp(environ), "is OTEL_EXPORTER_OTLP_ENDPOINT right?")


def _groups(prefix: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the command that starts a worker, by the name of the group behind the prefix."""
    telemetry = environment.text(environ, _TELEMETRY_GROUP) or "telemetry"
    return {f"{prefix}-stats": "tasker run stats", f"{prefix}-{telemetry}": "tasker run telemetry"}


def _kafka_checks(
    kafka: Mapping[str, str], connection: Connection, prefix: str, groups: Mapping[str, str], *, is_new: bool
) -> Iterator[Check]:
    yield "brokers", lambda: check_brokers(connection)
    if is_new:
        yield "topics", lambda: [Finding("topics", Verdict.SKIPPED, "a Kafka that was just started has none")]
    else:
        yield "topics", lambda: check_topics(kafka, connection, prefix)
    yield "round trip", lambda: check_round_trip(kafka, connection, prefix)
    if is_new:
        return
    for group, command in groups.items():
        yield f"group {group}", lambda group=group, command=command: check_group(kafka, connection, group, command)  # type: ignore[misc]
    for name in ("stats", "telemetry"):
        topic = dead_letter_topic(name, prefix)
        yield f"dead letters {topic}", lambda topic=topic: check_dead_letters(kafka, connection, topic)  # type: ignore[misc]


def _skipped(groups: Mapping[str, str], reason: str) -> Iterator[Finding]:
    for check in (*_OF_KAFKA, *(f"group {group}" for group in groups), "dead letters"):
        yield Finding(check, Verdict.SKIPPED, f"not checked: {reason}")
