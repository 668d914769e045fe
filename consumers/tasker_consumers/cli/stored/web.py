"""`tasker web`: tasks, errors, statistics and groups as pages."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for the server

from ipaddress import ip_address
from typing import Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_schemas.errors import ConfigurationError, UsageError


def web(
    *,
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Listen there; else at TASKER_WEB_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65_535, help="Else TASKER_WEB_PORT, else 8600; 0: any.")
    ] = None,
) -> None:
    """Serve the web view until Ctrl-C: tasks as they change, waterfalls, errors, statistics, the state of groups.

    It only reads. From other machines it is reached with TASKER_WEB_TOKEN, or behind a proxy that
    TASKER_WEB_PROXY_HEADER names.
    """
    import os

    from tasker_consumers.cli.worker_start import start_command

    _check_host(host)
    settings = start_command()
    try:
        from tasker_consumers.web.serve import serve
        from tasker_consumers.web.settings import WebSettings
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed; the web view needs pip install 'tasker-events[consumers,web]'"
        ) from None
    serve(settings, WebSettings.of(settings, host, port), os.environ, lambda url: complain(f"the web view is at {url}"))


def _check_host(host: str | None) -> None:
    """Raise UsageError for an option that is no address."""
    try:
        if host not in (None, "localhost"):
            ip_address(host or "")
    except ValueError:
        raise UsageError(f"--host is {host!r}; expected an address like 127.0.0.1, 0.0.0.0 or ::1") from None
