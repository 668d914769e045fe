"""Groups of options that several commands share, as dataclasses."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from tasker_schemas.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Consent:
    """Whether a command that changes topics does so; without `yes` it only counts."""

    yes: Annotated[bool, typer.Option("--yes", help="Really do it; without it letters are only counted.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check and count, as without --yes.")] = False

    def check(self) -> None:
        """Raise UsageError where both are asked for."""
        if self.yes and self.dry_run:
            raise UsageError("--yes and --dry-run contradict each other; name one")


def with_option_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command in which each parameter that is a dataclass became the options of its fields.

    The fields are annotated as typer's options; the command still gets the dataclass.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in groups:
            parameters += _parameters_of(groups[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name]))

    @wraps(command)
    def run(**values: Any) -> None:
        made = {name: kind(**{f.name: values.pop(f.name) for f in fields(kind)}) for name, kind in groups.items()}
        command(**values, **made)

    # typer reads these two, and must not look behind the wrapper.
    del run.__wrapped__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _parameters_of(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(group)
    ]
