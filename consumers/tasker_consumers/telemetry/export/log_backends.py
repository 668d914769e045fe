"""Which exporter takes log records: where the spans go, unless OTEL_LOGS_EXPORTER names another."""

# ruff: noqa: PLC0415  a worker loads the libraries of its own backend only

from collections.abc import Callable, Mapping
from pathlib import Path

from tasker_consumers.telemetry.export.backends import SPANS_FILE, Backend, backends_of
from tasker_consumers.telemetry.export.exporter import Exporter, NoExporter
from tasker_consumers.telemetry.logs.record import LogRecord, record_to_json
from tasker_schemas import environment
from tasker_schemas.environment import choice
from tasker_schemas.errors import ConfigurationError

LOGS_EXPORTER = "OTEL_LOGS_EXPORTER"

Environ = Mapping[str, str]


def log_exporter_of(environ: Environ) -> Exporter[LogRecord]:
    """Return the exporter for log records; raises ConfigurationError for a setting that cannot work.

    Without OTEL_LOGS_EXPORTER they go where the spans go, and over OTLP where those go to Zipkin or nowhere.
    """
    default = _beside(backends_of(environ)[0])
    return _MAKERS[choice(environ, LOGS_EXPORTER, tuple(_MAKERS), default)](environ)


def with_logs_beside(environ: Environ, spans_go_to: Backend) -> Environ:
    """Return the variables with the place of log records beside spans that somebody sends to a certain backend.

    >>> with_logs_beside({}, Backend.CONSOLE)
    {'OTEL_LOGS_EXPORTER': <Backend.CONSOLE: 'console'>}
    """
    return {LOGS_EXPORTER: _beside(spans_go_to), **environ}


def _beside(spans_go_to: Backend) -> Backend:
    return spans_go_to if spans_go_to in (Backend.CONSOLE, Backend.FILE) else Backend.OTLP


def logs_path(spans_path: Path) -> Path:
    """Return the file for log records beside a file for spans.

    >>> str(logs_path(Path("out/spans.jsonl")))
    'out/spans.logs.jsonl'
    """
    return spans_path.with_name(f"{spans_path.stem}.logs{spans_path.suffix}")


def _console_exporter(_: Environ) -> Exporter[LogRecord]:
    from tasker_consumers.telemetry.export.console_logs import ConsoleLogExporter

    return ConsoleLogExporter()


def _file_exporter(environ: Environ) -> Exporter[LogRecord]:
    from tasker_consumers.telemetry.export.file_exporter import FileExporter

    path = environment.text(environ, SPANS_FILE)
    if not path:
        raise ConfigurationError(f"{SPANS_FILE} is not set; expected the path of a file for the spans.")
    return FileExporter(logs_path(Path(path)), record_to_json)


def _otlp_exporter(environ: Environ) -> Exporter[LogRecord]:
    from tasker_consumers.telemetry.export.otlp.exporter import otlp_log_exporter

    return otlp_log_exporter(environ)


_MAKERS: Mapping[Backend, Callable[[Environ], Exporter[LogRecord]]] = {
    Backend.OTLP: _otlp_exporter,
    Backend.CONSOLE: _console_exporter,
    Backend.FILE: _file_exporter,
    Backend.NONE: lambda _: NoExporter(),
}
