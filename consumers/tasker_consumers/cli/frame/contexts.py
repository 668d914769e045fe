"""Contexts: named sets of variables in a file of the user, to change between clusters.

The file is TOML, a table for each context:

    [production]
    KAFKA_BOOTSTRAP_SERVERS = "kafka-1:9093"
    KAFKA_SASL_PASSWORD_FILE = "/run/secrets/kafka"
"""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from tasker_schemas.errors import UsageError

FILE_VARIABLE, CONTEXT_VARIABLE = "TASKER_CONTEXTS_FILE", "TASKER_CONTEXT"
_PREFIXES = ("KAFKA_", "TASKER_", "OTEL_", "SCHEMA_REGISTRY_")


def contexts_file(environ: Mapping[str, str]) -> Path:
    """Return the file of contexts: TASKER_CONTEXTS_FILE, else in the folder for settings of the user.

    >>> str(contexts_file({"XDG_CONFIG_HOME": "/home/ada/.config"}))
    '/home/ada/.config/tasker/contexts.toml'
    """
    if named := environ.get(FILE_VARIABLE, "").strip():
        return Path(named)
    folder = environ.get("XDG_CONFIG_HOME", "").strip()
    return (Path(folder) if folder else Path("~/.config").expanduser()) / "tasker" / "contexts.toml"


def read_contexts(file: Path) -> dict[str, dict[str, str]]:
    """Return the variables of each context; none if the file does not exist.

    Raises UsageError for a file that cannot be read, or that holds anything else.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"the contexts file {file} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the contexts file {file} is no TOML: {error}") from error
    return {name: _variables(file, name, table) for name, table in document.items()}


def variables_of_context(name: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the named context, else of that in TASKER_CONTEXT.

    Raises UsageError for a context that the file does not have.
    """
    chosen = environ.get(CONTEXT_VARIABLE, "").strip() if name is None else name
    file = contexts_file(environ)
    contexts = read_contexts(file)
    if chosen in contexts:
        return contexts[chosen]
    if close := get_close_matches(chosen, contexts, n=1):
        hint = f"did you mean {close[0]}?"
    else:
        hint = f"it has {', '.join(contexts)}" if contexts else "write a table [NAME] with variables into it"
    raise UsageError(f"{file} has no context {chosen!r}; {hint}")


def _variables(file: Path, name: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise UsageError(f"the contexts file {file} has {name!r} outside of a table; write it below a line [NAME]")
    for variable, value in table.items():
        if not variable.startswith(_PREFIXES):
            raise UsageError(
                f"the contexts file {file} has {variable!r} in [{name}]; expected a name with {', '.join(_PREFIXES)}"
            )
        if not isinstance(value, str | int | float | bool):
            raise UsageError(f"the contexts file {file} has a list or table in {variable}; expected a value")
    return {variable: _text(value) for variable, value in table.items()}


def _text(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
