"""Commands to go on with, as a shell takes them."""

import shlex


def command_line(command: str, *arguments: str) -> str:
    """Return a command with arguments that can be pasted: quoted, and behind `--` where an option would be seen.

    >>> command_line("tasker trace", "order-42"), command_line("tasker trace", "order 42")
    ('tasker trace order-42', "tasker trace 'order 42'")
    >>> command_line("tasker trace --errors", "-x")
    'tasker trace --errors -- -x'
    """
    dashes = ["--"] if any(argument.startswith("-") for argument in arguments) else []
    return " ".join([command, *dashes, shlex.join(arguments)])
