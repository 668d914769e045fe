"""Counters of the log records that the telemetry group sends, for `/metrics`."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tasker_consumers.telemetry.export.exporter import ExportResult
from tasker_consumers.telemetry.logs.record import LogRecord


class LogMetrics:
    """The numbers of a worker that sends events as log records."""

    def __init__(self, registry: CollectorRegistry, is_ready: Callable[[], bool]) -> None:
        prefix = "tasker_telemetry_log"
        self._exported = Counter(f"{prefix}_records_exported", "Log records the backend took.", registry=registry)
        self._rejected = Counter(f"{prefix}_records_rejected", "Log records the backend refused.", registry=registry)
        self.export_seconds = Histogram(f"{prefix}_export_seconds", "Exports of log records.", registry=registry)
        backend_up = Gauge(f"{prefix}_backend_up", "1 while the log backend takes records.", registry=registry)
        backend_up.set_function(lambda: float(is_ready()))

    def count_result(self, result: ExportResult[LogRecord]) -> None:
        """Count the result of an export."""
        self._exported.inc(result.accepted)
        self._rejected.inc(result.rejected)
