"""`tasker contexts` and `tasker completion`: the surroundings of the command line."""

# ruff: noqa: PLC0415  `tasker --help` loads only what it shows

import os
from enum import StrEnum
from typing import Annotated

import typer

from tasker_consumers.cli.output import complain, echo, show_table

#: A shell sets it to ask for completions.
COMPLETION_VARIABLE = "_TASKER_COMPLETE"


class Shell(StrEnum):
    """Shells whose completion is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def contexts() -> None:
    """List the contexts of the contexts file: TASKER_CONTEXTS_FILE, else ~/.config/tasker/contexts.toml.

    A context is a TOML table of variables. Secrets are not shown. Exit code 1 if there is none.
    """
    from tasker_consumers.cli.frame.contexts import CONTEXT_VARIABLE, contexts_file, read_contexts

    file = contexts_file(os.environ)
    current = os.environ.get(CONTEXT_VARIABLE, "").strip()
    known_contexts = read_contexts(file)
    if not known_contexts:
        complain(f"no context in {file}; write a table [NAME] with variables into it")
        raise typer.Exit(1)
    rows = [
        (
            name,
            "current" if name == current else "",
            variables.get("KAFKA_BOOTSTRAP_SERVERS", "-"),
            variables.get("TASKER_TOPIC_PREFIX", "-"),
            str(len(variables)),
        )
        for name, variables in known_contexts.items()
    ]
    show_table(("context", "state", "brokers", "prefix", "variables"), rows)


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", show_default=False, help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell, to be sourced from its start file."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    echo(get_completion_script(prog_name="tasker", complete_var=COMPLETION_VARIABLE, shell=str(shell)))


def prepare_completion() -> None:
    """Let this process answer the scripts that `tasker completion` prints."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
