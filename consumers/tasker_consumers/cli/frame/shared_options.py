"""Options that every command has: the brokers, the context, and the form of the output.

`-b` and `--context` set variables of the environment before the command reads its settings. `-o` chooses how
`cli.output` prints tables and documents; a command with a `--json` of its own learns of it as if that were given.
"""

import inspect
import os
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from tasker_consumers.cli.output import OutputForm, choose_form
from tasker_schemas.errors import UsageError

BROKERS = "KAFKA_BOOTSTRAP_SERVERS"
_AS_JSON = "as_json"

BrokersOption = Annotated[
    str | None,
    typer.Option("--brokers", "-b", metavar="HOST:PORT", help=f"The Kafka brokers, instead of {BROKERS}."),
]
ContextOption = Annotated[
    str | None,
    typer.Option(
        "--context", metavar="NAME", help="Variables of this name in the contexts file, instead of TASKER_CONTEXT."
    ),
]
OutputOption = Annotated[
    OutputForm | None,
    typer.Option("--output", "-o", metavar="FORM", help="table, wide (no column is left out), json or yaml."),
]
_NAMES = {"shared_brokers": BrokersOption, "shared_context": ContextOption, "shared_output": OutputOption}


def with_shared_options(command: Callable[..., None], *, has_table: bool = False) -> Callable[..., None]:
    """Return a command with the shared options; `-o` only if it takes a form or has a `--json`."""
    hints = get_type_hints(command, include_extras=True)
    parameters = [
        parameter.replace(annotation=hints.get(name, parameter.annotation))
        for name, parameter in inspect.signature(command).parameters.items()
    ]
    has_json = any(parameter.name == _AS_JSON for parameter in parameters)
    names = [name for name in _NAMES if name != "shared_output" or has_json or has_table]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_NAMES[name]) for name in names
    ]

    @wraps(command)
    def run(**values: Any) -> None:
        shared = {name: values.pop(name) for name in names}
        use_environment(shared["shared_brokers"], shared["shared_context"])
        form = shared.get("shared_output") or OutputForm.TABLE
        if values.get(_AS_JSON) and form is not OutputForm.TABLE:
            raise UsageError("name one of --json and -o")
        choose_form(OutputForm.JSON if values.get(_AS_JSON) else form)
        if has_json and form in (OutputForm.JSON, OutputForm.YAML):
            values[_AS_JSON] = True
        command(**values)

    # typer reads these two, and must not look behind the wrapper.
    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def use_environment(brokers: str | None, context: str | None) -> None:
    """Put the variables of a context, then the brokers, in the place of those of the environment.

    Raises UsageError for a context that does not exist, and ConfigurationError for brokers that are no addresses.
    """
    if context is not None or os.environ.get("TASKER_CONTEXT", "").strip():
        from tasker_consumers.cli.frame.contexts import variables_of_context  # noqa: PLC0415  hardly ever needed

        for name, value in variables_of_context(context, os.environ).items():
            _replace(name, value)
    if brokers is not None:
        from tasker_consumers.settings import check_brokers  # noqa: PLC0415  `tasker --help` loads no settings

        check_brokers(brokers)
        _replace(BROKERS, brokers)


def _replace(name: str, value: str) -> None:
    """Set a variable, whatever form the environment has of it."""
    os.environ.pop(f"{name}_FILE", None)
    os.environ[name] = value
