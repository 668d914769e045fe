"""Measurements of tasks at a real OTLP receiver, as OpenTelemetry's own variables say."""

from pathlib import Path

import pytest

from tasker_consumers.telemetry.metrics.otel_metrics import meter_name, otlp_meter_provider
from tasker_consumers.telemetry.metrics.task_metrics import OtelInstruments, TaskMetrics
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.variables import with_files
from tests.support.telemetry.histories import order
from tests.support.telemetry.otlp import OtlpReceiver, otlp

__all__ = ["otlp"]


def test_durations_arrive_with_the_headers_of_a_file_and_exemplars_that_lead_to_the_trace(
    otlp: OtlpReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("x-team=shop")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.http)
    files = {"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_HEADERS_FILE": str(tmp_path / "key")}
    provider = otlp_meter_provider(with_files(files))
    assert provider is not None
    spans = spans_of(order())
    TaskMetrics(OtelInstruments(provider.get_meter(*meter_name())), close=provider.shutdown).observe(spans)
    provider.shutdown()
    (point,) = otlp.metrics["tasker.task.duration"].histogram.data_points
    assert (otlp.headers["x-team"], point.sum) == ("shop", 6.0)
    assert point.exemplars[0].trace_id.hex() == spans[0].trace_id
