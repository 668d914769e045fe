"""The libraries of OpenTelemetry, and the exporter that the environment asks for."""

from tasker_consumers.tools.doctor.finding import Verdict
from tasker_consumers.tools.doctor.opentelemetry_checks import check_opentelemetry


def test_the_exporter_of_the_telemetry_group_is_told_and_a_disabled_sdk_is_a_warning() -> None:
    [finding] = check_opentelemetry({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"})
    assert finding.verdict is Verdict.OK
    assert "collector:4318" in finding.detail
    [finding] = check_opentelemetry({"OTEL_SDK_DISABLED": "TRUE"})
    assert finding.verdict is Verdict.WARNING
