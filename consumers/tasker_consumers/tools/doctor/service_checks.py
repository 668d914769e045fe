"""Whether the schema registry answers, and which program asks."""

import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

import confluent_kafka

from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.avro.versions import Schema, latest
from tasker_schemas.extensions import native_state
from tasker_schemas.registry.client import SchemaRegistry, subjects
from tasker_schemas.registry.settings import RegistrySettings


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


def _knows(registry: SchemaRegistry, subject: str, schema: Schema) -> bool:
    try:
        registry.look_up(subject, schema)
    except LookupError:
        return False
    return True
