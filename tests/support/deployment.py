"""The files that deploy the system, read as data."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tasker_consumers.cli.app import parser

ROOT = Path(__file__).parents[2]
STATE_DIR = "/var/lib/tasker"
PORT = 8080


@cache
def compose() -> dict[str, Any]:
    """Return docker-compose.yml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def environment_in_compose(service: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a container of ours where nobody has set one: defaults, then what the service fixes."""
    defaults = (ROOT / service["env_file"][0]["path"]).read_text(encoding="utf-8")
    fixed = {name: _or_default(value) for name, value in service.get("environment", {}).items()}
    return dict(re.findall(r"^(\w+)=(.*)$", defaults, re.MULTILINE)) | fixed


def _or_default(value: str) -> str:
    """Return a value in which Compose found none of its `${NAME:-default}` set."""
    while value != (inner := re.sub(r"\$\{\w+:-([^${}]*)\}", r"\1", value)):
        value = inner
    return value


def image_environment() -> dict[str, str]:
    """Return what the Dockerfile sets for our processes."""
    final = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    return dict(re.findall(r"(TASKER_\w+)=(\S+)", final))


def is_a_command(arguments: list[str]) -> bool:
    """Return whether the command line has this command; `arguments` holds no options."""
    command: Any = parser()
    for name in arguments:
        command = getattr(command, "commands", {}).get(name)
    return command is not None and not hasattr(command, "commands")
