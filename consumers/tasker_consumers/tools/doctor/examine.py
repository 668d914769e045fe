"""All checks in their order: a check that fails stops no other check."""

from collections.abc import Iterator, Mapping

from tasker_consumers.tools.doctor.backend_checks import check_backends
from tasker_consumers.tools.doctor.connection import Connection, check_connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict, guarded
from tasker_consumers.tools.doctor.kafka_checks import OF_KAFKA, kafka_checks
from tasker_consumers.tools.doctor.opentelemetry_checks import check_opentelemetry
from tasker_consumers.tools.doctor.pipeline_checks import check_pipeline
from tasker_consumers.tools.doctor.service_checks import check_program, check_registry
from tasker_consumers.tools.doctor.store_checks import check_store, is_named
from tasker_schemas import environment

_SERVERS = "bootstrap.servers"
_TELEMETRY_GROUP = "TASKER_TELEMETRY_GROUP"
_RIGHTS = "does this client have the rights that docs/security.md lists?"


def examine(
    kafka: Mapping[str, str], prefix: str, environ: Mapping[str, str], *, is_new: bool = False
) -> Iterator[Finding]:
    """Yield the findings of all checks; `is_new` means that this Kafka has just started and is empty.

    Without an address in `kafka`, and when no broker answers, the checks that need a broker are skipped.
    """
    yield from guarded("program", check_program, "install tasker-events again")
    yield from guarded("publisher", lambda: check_pipeline(environ), "is each TASKER_* variable right?")
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
            for name, check in kafka_checks(kafka, connection, prefix, groups, is_new=is_new):
                yield from guarded(name, check, _RIGHTS)
    remedy = "is TASKER_STORE_URL right, and does the database run?"
    yield from guarded("store", lambda: check_store(environ, kafka, prefix), remedy)
    yield from guarded("registry", lambda: check_registry(environ, prefix), "is SCHEMA_REGISTRY_URL right?")
    yield from guarded("opentelemetry", lambda: check_opentelemetry(environ), "is each OTEL_* variable right?")
    yield from guarded("otlp", lambda: check_backends(environ), "is each OTEL_* variable of the backends right?")


def _groups(prefix: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the command that starts a worker, by the name of the group; the store's where the environment names it."""
    telemetry = environment.text(environ, _TELEMETRY_GROUP) or "telemetry"
    groups = {f"{prefix}-stats": "tasker run stats", f"{prefix}-{telemetry}": "tasker run telemetry"}
    return groups | ({f"{prefix}-store": "tasker run store"} if is_named(environ) else {})


def _skipped(groups: Mapping[str, str], reason: str) -> Iterator[Finding]:
    for check in (*OF_KAFKA, *(f"group {group}" for group in groups), "dead letters"):
        yield Finding(check, Verdict.SKIPPED, f"not checked: {reason}")
