"""Whether the schema registry and the trace backend answer, and which program asks."""

import asyncio
import platform
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import confluent_kafka

from tasker_consumers.telemetry.export.otlp.exporter import otlp_transport
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.sending.answers import Answer, Then
from tasker_consumers.telemetry.export.sending.endpoint import without_credentials
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas import environment
from tasker_schemas.avro.versions import Schema, latest
from tasker_schemas.extensions import native_state
from tasker_schemas.registry.client import SchemaRegistry, subjects
from tasker_schemas.registry.settings import RegistrySettings

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_ANSWER_LIMIT_S = 5.0


def check_program() -> Iterator[Finding]:
    """Yield the versions of this program and of the parts it runs on."""
    try:
        installed_version = version("tasker-events")
    except PackageNotFoundError:  # run from a checkout that was never installed
        installed_version = "not installed"
    librdkafka = confluent_kafka.libversion()[0]
    detail = (
        f"tasker-events {installed_version}, Python {platform.python_version()}, "
        f"librdkafka {librdkafka}, native: {native_state()}"
    )
    yield Finding("program", Verdict.OK, detail)


def check_registry(environ: Mapping[str, str], prefix: str) -> Iterator[Finding]:
    """Yield whether the registry has the schemas that producers and consumers of this version use.

    Raises BackendUnavailable when the registry does not answer, ConfigurationError for a wrong setting of it.
    """
    settings = RegistrySettings.from_env(environ)
    if settings is None:
        yield Finding("registry", Verdict.SKIPPED, "SCHEMA_REGISTRY_URL is not set; records need none")
        return
    registry, subject_by_record = SchemaRegistry(settings), subjects(prefix)
    lacking = [
        subject for record, subject in subject_by_record.items() if not _knows(registry, subject, latest(record))
    ]
    mode = "producers register what it lacks" if settings.auto_register else "producers only look up"
    detail = f"{settings.url} has {len(subject_by_record) - len(lacking)} of {len(subject_by_record)} schemas; {mode}"
    if lacking and not settings.auto_register:
        yield Finding("registry", Verdict.FAILED, detail, f"`tasker schemas register` adds {', '.join(lacking)}")
    else:
        yield Finding("registry", Verdict.OK, detail)


def check_otlp(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether the trace backend takes a request; raises ConfigurationError for a wrong setting of it."""
    settings = OtlpSettings.from_env(environ)
    answer = asyncio.run(_export_nothing(replace(settings, timeout_s=min(settings.timeout_s, _ANSWER_LIMIT_S))))
    where = f"{without_credentials(settings.endpoint)} ({settings.protocol})"
    if answer.then is Then.TAKEN:
        yield Finding("otlp", Verdict.OK, f"{where} takes spans")
    elif any(environment.text(environ, name) for name in _ENDPOINTS):
        remedy = "is the backend running, and is OTEL_EXPORTER_OTLP_ENDPOINT right?"
        yield Finding("otlp", Verdict.FAILED, f"{where} takes no spans: {answer.message}", remedy)
    else:
        yield Finding("otlp", Verdict.SKIPPED, f"OTEL_EXPORTER_OTLP_ENDPOINT is not set, and nothing is at {where}")


def _knows(registry: SchemaRegistry, subject: str, schema: Schema) -> bool:
    try:
        registry.look_up(subject, schema)
    except LookupError:
        return False
    return True


async def _export_nothing(settings: OtlpSettings) -> Answer:
    """Send a request without spans: the whole way to the backend is tried, and nothing is left there."""
    transport = otlp_transport(settings)
    await transport.open()
    try:
        return await transport.send(b"")
    finally:
        await transport.close()
