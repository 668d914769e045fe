"""Counters of the telemetry group's own work, for `/metrics`."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tasker_consumers.telemetry.export.exporter import ExportResult
from tasker_consumers.telemetry.metrics.open_counts import Open
from tasker_consumers.telemetry.spans.attributes import ABANDONED, CLAMPED, DERIVED, SHIFTED
from tasker_consumers.telemetry.spans.span import Span

_REPAIRS = {DERIVED: "derived", CLAMPED: "clamped", SHIFTED: "shifted"}


class GroupMetrics:
    """The numbers of a worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.exported = Counter("tasker_telemetry_spans_exported", "Spans the backend took.", registry=registry)
        self.rejected = Counter("tasker_telemetry_spans_rejected", "Spans the backend refused.", registry=registry)
        self.unsampled = Counter("tasker_telemetry_spans_unsampled", "Spans not to be kept.", registry=registry)
        self.abandoned = Counter("tasker_telemetry_spans_abandoned", "Spans that never ended.", registry=registry)
        self.late = Counter("tasker_telemetry_events_late", "Events after their span's export.", registry=registry)
        self.outside = Counter("tasker_telemetry_events_outside", "Custom events outside a task.", registry=registry)
        self.repaired = Counter("tasker_telemetry_spans_repaired", "Spans put right.", ["repair"], registry=registry)
        self.export_seconds = Histogram("tasker_telemetry_export_seconds", "Exports of a run.", registry=registry)
        self.backend_up = Gauge("tasker_telemetry_backend_up", "1 while the backend takes spans.", registry=registry)

        self._open_tasks = Gauge("tasker_telemetry_open_tasks", "Tasks that have not ended.", registry=registry)
        self._open_attempts = Gauge(
            "tasker_telemetry_open_attempts", "Attempts of steps that have not ended.", registry=registry
        )

    def show_open(self, total: Callable[[], Open]) -> None:
        """Ask for the number of open spans whenever somebody looks."""
        self._open_tasks.set_function(lambda: total().tasks)
        self._open_attempts.set_function(lambda: total().attempts)

    def count_spans(self, spans: Iterable[Span]) -> None:
        """Count the marks of spans that are going to be exported."""
        for span in spans:
            attributes = span.attributes
            if ABANDONED in attributes:
                self.abandoned.inc()
            for mark, repair in _REPAIRS.items():
                if mark in attributes:
                    self.repaired.labels(repair).inc()

    def count_result(self, result: ExportResult[Span]) -> None:
        """Count the result of an export."""
        self.exported.inc(result.accepted)
        self.rejected.inc(result.rejected)
