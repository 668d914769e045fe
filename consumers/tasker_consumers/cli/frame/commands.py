"""The table of commands, in the order of the help. A new command is a line here and its examples in `help_texts`.

A target names a function, or a `typer.Typer` with commands of its own, below `tasker_consumers.cli`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from tasker_consumers.cli.frame.help_texts import CommandHelp, help_of
from tasker_consumers.cli.frame.shared_options import with_shared_options
from tasker_schemas.errors import UsageError

COMMANDS: Mapping[str, str] = {
    "demo": "demo:demo",
    "up": "stored.up:up",
    "run": "run:app",
    "tasks": "task_list.tasks:tasks",
    "stats": "stats:stats",
    "trace": "runs.trace:trace",
    "errors": "stored.errors:app",
    "diff": "compare.diff:diff",
    "web": "stored.web:web",
    "show": "records.show:show",
    "tail": "records.show:tail",
    "replay": "replay.replay:replay",
    "dlq": "records.dlq:app",
    "spool": "spool:app",
    "import": "imports.command:import_histories",
    "store": "stored.store:app",
    "topics": "topics:app",
    "schemas": "schemas:app",
    "groups": "groups:groups",
    "doctor": "doctor:doctor",
    "contexts": "frame.environment_commands:contexts",
    "completion": "frame.environment_commands:completion",
}


def plain_help(text: str) -> str:
    r"""Return a help text without the types of Python and the brackets that only the parser needs.

    >>> plain_help("Usage: tasker show [OPTIONS] {POSITION}\n  POSITION <str>  A record.")
    'Usage: tasker show [OPTIONS] POSITION\n  POSITION        A record.'
    """
    usage, end, rest = text.partition("\n")
    usage = re.sub(r"\[+(\w+)\]+(\.\.\.)?\]*(\.\.\.)?", r"[\1]\2\3", usage).replace("{", "").replace("}", "")
    return usage + end + _TYPE.sub(lambda match: f"{match[1]}{' ' * len(match[2])}", rest)


_TYPE = re.compile(r"^( +\S+)( <(?:str|int|float|bool|list|Path)[^>]*>)", re.MULTILINE)


class PlainCommand(TyperCommand):
    """A command whose help speaks of the program."""

    def get_help(self, ctx: Any) -> str:
        """Return the help text."""
        return plain_help(super().get_help(ctx))


def check_texts(arguments: Sequence[str]) -> None:
    """Raise UsageError for an argument, or the value of an option, that is empty: no command has a use for it.

    >>> check_texts(["tasks", "--name", ""])
    Traceback (most recent call last):
    tasker_schemas.errors.UsageError: the text after --name is empty; give it a value, or leave both out
    """
    for position, argument in enumerate(arguments):
        if re.fullmatch(r"--[a-z-]+=\s*", argument):
            raise UsageError(f"{argument.strip()[:-1]} is empty; give it a value, or leave it out")
        if not argument.strip():
            where = f"after {arguments[position - 1]} " if position else ""
            raise UsageError(f"the text {where}is empty; give it a value, or leave both out")


class CommandGroup(TyperGroup):
    """Shows the commands in the order of the table, and lets no empty text through to any of them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments of all commands apart; raises UsageError for an empty text."""
        if not ctx.resilient_parsing:  # a shell that completes a line may have it
            check_texts(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in their order."""
        return sorted(super().list_commands(ctx), key=list(COMMANDS).index)


def add_commands(app: typer.Typer) -> None:
    """Add every command of the table, with its examples and the shared options."""
    for name, target in COMMANDS.items():
        module, _, attribute = target.partition(":")
        command = getattr(import_module(f"tasker_consumers.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            _complete(command, name)
            app.add_typer(command, name=name)
        else:
            texts = help_of(name)
            app.command(name, cls=PlainCommand, epilog=texts.epilog())(
                with_shared_options(command, has_table=texts.has_table)
            )


def _complete(group: typer.Typer, name: str) -> None:
    for info in group.registered_commands:
        texts = help_of(f"{name} {_name_of(info)}")
        if info.epilog is None and info.callback is not None:
            info.cls, info.epilog = PlainCommand, texts.epilog()
            info.callback = with_shared_options(info.callback, has_table=texts.has_table)


def _name_of(info: Any) -> str:
    return str(info.name or info.callback.__name__.replace("_", "-"))


def leaf_commands() -> Iterator[tuple[str, CommandHelp]]:
    """Yield the path of each command, such as `dlq list`, with its help texts."""
    for name, target in COMMANDS.items():
        module, _, attribute = target.partition(":")
        command = getattr(import_module(f"tasker_consumers.cli.{module}"), attribute)
        paths = (
            [f"{name} {_name_of(info)}" for info in command.registered_commands]
            if isinstance(command, typer.Typer)
            else [name]
        )
        for path in paths:
            yield path, help_of(path)
