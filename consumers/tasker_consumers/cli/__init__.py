"""The command line: a thin skin, one file for each command."""

from tasker_consumers.cli.app import main

__all__ = ["main"]
