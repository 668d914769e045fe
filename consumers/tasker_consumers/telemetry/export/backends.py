"""Which exporter the environment asks for: a table from each backend to the function that makes its exporter."""

# ruff: noqa: PLC0415  a worker loads the libraries of its own backend only

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from tasker_consumers.telemetry.export.exporter import Exporter, NoExporter
from tasker_consumers.telemetry.export.fan_out import FanOut
from tasker_consumers.telemetry.spans.span import Span, span_to_json
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

SPANS_FILE = "TASKER_TELEMETRY_FILE"
TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"

Environ = Mapping[str, str]
SpanExporter = Exporter[Span]


class Backend(StrEnum):
    """Where spans can go."""

    OTLP = "otlp"  # as OTEL_EXPORTER_OTLP_* says
    ZIPKIN = "zipkin"  # as OTEL_EXPORTER_ZIPKIN_* says
    CONSOLE = "console"
    FILE = "file"  # JSON lines, in the file that TASKER_TELEMETRY_FILE names
    NONE = "none"  # events are folded and measured, and no span is exported


def exporter_of(environ: Environ, backend: Backend | None = None) -> SpanExporter:
    """Return the exporter for a backend; None takes the file if only that is named, else OTEL_TRACES_EXPORTER.

    Raises ConfigurationError for a setting that cannot work.
    """
    if backend is not None:
        return _MAKERS[backend](environ)
    primary, *side_backends = backends_of(environ)
    exporter = _MAKERS[primary](environ)
    side_exporters = [_MAKERS[name](environ) for name in side_backends]
    return FanOut(exporter, side_exporters) if side_exporters else exporter


def backends_of(environ: Environ) -> list[Backend]:
    """Return the backends that the environment names, each once, the server before the terminal and the file."""
    backends = _named_backends(environ)
    if environment.text(environ, SPANS_FILE) and Backend.FILE not in backends:
        return [Backend.FILE]
    return backends


def _named_backends(environ: Environ) -> list[Backend]:
    text = environment.text(environ, TRACES_EXPORTER) or Backend.OTLP
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in set(Backend)]
    if unknown or not names:
        choices = ", ".join(Backend)
        raise ConfigurationError(f"{TRACES_EXPORTER} is {text!r}; expected one of {choices}, or several with commas.")
    backends = sorted((Backend(name) for name in names), key=list(Backend).index)
    if Backend.NONE in backends and len(backends) > 1:
        raise ConfigurationError(f"{TRACES_EXPORTER} is {text!r}; expected none alone, or other names without it.")
    if Backend.OTLP in backends and Backend.ZIPKIN in backends:
        raise ConfigurationError(
            f"{TRACES_EXPORTER} is {text!r}; expected one server: each has offsets of its own, so run one group "
            "for each, named by TASKER_TELEMETRY_GROUP."
        )
    return backends


def _console_exporter(_: Environ) -> SpanExporter:
    from tasker_consumers.telemetry.export.console import ConsoleExporter

    return ConsoleExporter()


def _file_exporter(environ: Environ) -> SpanExporter:
    from tasker_consumers.telemetry.export.file_exporter import FileExporter

    path = environment.text(environ, SPANS_FILE)
    if not path:
        raise ConfigurationError(f"{SPANS_FILE} is not set; expected the path of a file for the spans.")
    return FileExporter(Path(path), span_to_json)


def _zipkin_exporter(environ: Environ) -> SpanExporter:
    from tasker_consumers.telemetry.export.zipkin.exporter import zipkin_exporter

    return zipkin_exporter(environ)


def _otlp_exporter(environ: Environ) -> SpanExporter:
    from tasker_consumers.telemetry.export.otlp.exporter import otlp_exporter

    return otlp_exporter(environ)


_MAKERS: Mapping[Backend, Callable[[Environ], SpanExporter]] = {
    Backend.OTLP: _otlp_exporter,
    Backend.ZIPKIN: _zipkin_exporter,
    Backend.CONSOLE: _console_exporter,
    Backend.FILE: _file_exporter,
    Backend.NONE: lambda _: NoExporter(),
}
