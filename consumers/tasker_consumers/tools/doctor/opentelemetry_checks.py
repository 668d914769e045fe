"""Which OpenTelemetry is installed, and where spans go: the third debug check of Tasker's telemetry page."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from tasker_consumers.telemetry.export.backends import exporter_of
from tasker_consumers.telemetry.export.exporter import description_of
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas import environment


def check_opentelemetry(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the OpenTelemetry libraries, and where the telemetry group would send spans."""
    libraries = f"API {version('opentelemetry-api')}, SDK {version('opentelemetry-sdk')}"
    if (environment.text(environ, "OTEL_SDK_DISABLED") or "").lower() == "true":
        remedy = "unset it where the telemetry group runs"
        yield Finding("opentelemetry", Verdict.WARNING, f"{libraries}; OTEL_SDK_DISABLED is true", remedy)
        return
    exporter = description_of(exporter_of(environ))
    yield Finding("opentelemetry", Verdict.OK, f"{libraries}; spans go to {exporter}")
