"""Whether the store's database can be read, has the schema of this version, and holds what was read."""

# ruff: noqa: PLC0415  the store is an extra of its own

from collections.abc import Iterator, Mapping

from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas import environment

_URL = "TASKER_STORE_URL"


def is_named(environ: Mapping[str, str]) -> bool:
    """Return whether the environment names a store."""
    return environment.text(environ, _URL) is not None


def check_store(environ: Mapping[str, str], kafka: Mapping[str, str], prefix: str) -> Iterator[Finding]:
    """Yield the state of the store, and a warning for each thing that is wrong in it.

    Raises ConfigurationError when there is no store or its schema is another, BackendUnavailable when it is away.
    """
    url = environment.text(environ, _URL)
    if url is None:
        yield Finding("store", Verdict.SKIPPED, f"{_URL} is not set")
        return
    try:
        from tasker_consumers.store.checks import findings
        from tasker_consumers.store.database import shown
        from tasker_consumers.store.reading.opening import open_store
    except ModuleNotFoundError as error:
        remedy = "pip install 'tasker-events[consumers,store]'"
        yield Finding("store", Verdict.FAILED, f"{error.name} is not installed", remedy)
        return
    reader = open_store(url)
    try:
        yield Finding("store", Verdict.OK, f"{shown(reader.engine)} has the schema of this version")
        for sentence in findings(reader.engine, kafka, prefix):
            yield Finding("store", Verdict.WARNING, sentence, "`tasker store check` looks again")
    finally:
        reader.close()
