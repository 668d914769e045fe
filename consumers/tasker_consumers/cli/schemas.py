"""`tasker schemas`: the versions of the records, their differences, and their state in a registry."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Avro

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain, echo, show_table

if TYPE_CHECKING:
    from tasker_schemas.avro.versions import Schema
    from tasker_schemas.registry.client import SchemaRegistry

app = typer.Typer(
    help="List the versions of the records, compare them, check new ones, register them.", no_args_is_help=True
)

_Offline = Annotated[bool, typer.Option("--offline", help="Leave the registry alone, should one be configured.")]

_MISSING = "missing"
_REFUSED = "refused"


@app.command("list")
def list_(*, offline: _Offline = False) -> None:
    """List every version, with its id in the registry; exit code 1 if the registry lacks one."""
    from tasker_schemas.avro.versions import all_schemas

    registry, prefix = _registry(offline=offline)
    ids = [_id(registry, schema, prefix) for schema in all_schemas()]
    rows = [
        (schema.record, str(schema.version), str(len(schema.declared["fields"])), schema.fingerprint.hex(), number)
        for schema, number in zip(all_schemas(), ids, strict=True)
    ]
    show_table(("record", "version", "fields", "fingerprint", "id in the registry"), rows)
    if _MISSING in ids:
        raise typer.Exit(1)


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", show_default=False, help="New versions (default: those that are shipped)."),
    ] = None,
    *,
    offline: _Offline = False,
) -> None:
    """Check that schemas read every version before them, and that the registry takes them; exit code 1 if not."""
    from tasker_consumers.tools.schema_check import from_file, problems, shipped

    candidates = [from_file(file) for file in files] if files else shipped()
    registry, prefix = _registry(offline=offline)
    problems_by_title = {candidate.title: list(problems(candidate, registry, prefix)) for candidate in candidates}
    show_table(
        ("schema", "verdict"),
        [(title, "incompatible" if why else "compatible") for title, why in problems_by_title.items()],
    )
    for title, why in problems_by_title.items():
        for problem in why:
            complain(f"{title} {problem}")
    if any(problems_by_title.values()):
        raise typer.Exit(1)


@app.command()
def diff(
    record: Annotated[
        str, typer.Argument(metavar="RECORD", help="A record, such as StepEvent, or a file with a new version of one.")
    ],
    older: Annotated[
        int | None, typer.Argument(metavar="OLDER", help="A version (default: the one before).", show_default=False)
    ] = None,
    newer: Annotated[
        int | None, typer.Argument(metavar="NEWER", help="A version (default: the newest).", show_default=False)
    ] = None,
) -> None:
    """Show what a version adds (+), drops (-) and changes (~); a file is compared with the newest version."""
    from tasker_consumers.tools.schema_check import from_file, versions
    from tasker_schemas.avro.schema_text import differences

    if record.endswith((".avsc", ".json")):
        candidate = from_file(Path(record))
        older_schema = _version(candidate.record, older or max(versions(candidate.record)))
        newer_declaration = candidate.declared
    else:
        newest = max(versions(record)) if newer is None else newer
        older_schema = _version(record, max(1, newest - 1) if older is None else older)
        newer_declaration = _version(record, newest).declared
    for line in differences(older_schema.declared, newer_declaration):
        echo(line)


@app.command()
def register() -> None:
    """Register every version of every record, the oldest first; exit code 1 if the registry refuses one."""
    from tasker_schemas.avro.versions import all_schemas
    from tasker_schemas.errors import ConfigurationError
    from tasker_schemas.registry.client import IncompatibleSchema, subjects
    from tasker_schemas.registry.settings import URL

    registry, prefix = _registry()
    if registry is None:
        raise ConfigurationError(f"{URL} is not set; expected a registry's address such as https://registry:8081")
    rows = []
    for schema in all_schemas():
        subject = subjects(prefix)[schema.record]
        try:
            rows.append((subject, str(schema.version), str(registry.register(subject, schema))))
        except IncompatibleSchema as error:
            complain(str(error))
            rows.append((subject, str(schema.version), _REFUSED))
    show_table(("subject", "version", "id"), rows)
    if any(number == _REFUSED for *_, number in rows):
        raise typer.Exit(1)


def _id(registry: "SchemaRegistry | None", schema: "Schema", prefix: str) -> str:
    from tasker_schemas.registry.client import subjects

    try:
        return "" if registry is None else str(registry.look_up(subjects(prefix)[schema.record], schema))
    except LookupError:
        return _MISSING


def _version(record: str, number: int) -> "Schema":
    from tasker_consumers.tools.schema_check import versions
    from tasker_schemas.errors import UsageError

    shipped_versions = versions(record)
    if number not in shipped_versions:
        raise UsageError(f"{record} has no version {number}; it has {', '.join(map(str, shipped_versions))}")
    return shipped_versions[number]


def _registry(*, offline: bool = False) -> "tuple[SchemaRegistry | None, str]":
    """Return the configured registry, None where there is none, and the prefix of its subjects."""
    from tasker_consumers.cli.environment import read_settings
    from tasker_schemas.registry.client import SchemaRegistry

    settings = read_settings()
    registry_settings = None if offline else settings.registry
    return None if registry_settings is None else SchemaRegistry(registry_settings), settings.topic_prefix
