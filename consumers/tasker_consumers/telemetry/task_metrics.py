"""Durations, retries and failures of tasks and steps, measured from their spans as they end.

They are told to OpenTelemetry's instruments (`tasker.task.duration`, exported over OTLP) and to Prometheus
(`tasker_task_duration_seconds`), with exemplars that lead to a trace. What is delivered again after a crash is counted
again: for exact numbers there are the statistics.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from opentelemetry.metrics import Meter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from prometheus_client import CollectorRegistry, Counter, Histogram

from tasker_consumers.telemetry.follow_up import LATE
from tasker_consumers.telemetry.harvest import ABANDONED, PROVISIONAL
from tasker_consumers.telemetry.span import ERROR, Span
from tasker_schemas.headers import SAMPLED

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_MOST_NAMES = 1000
_OTHER = "other"  # stands for all names beyond the limit: a name made of an id must not fill the memory
_NANOSECONDS = 1_000_000_000
_TASK_LABELS, _STEP_LABELS = ("task_name", "status"), ("task_name", "step_name", "status")
_UNFINISHED = {LATE, ABANDONED, PROVISIONAL}

Labels = dict[str, str]


class Instruments(Protocol):
    """Where measurements go; a span is given as the exemplar."""

    def task(self, seconds: float, labels: Labels, span: Span) -> None:
        """Tell how long a task took."""

    def step(self, seconds: float, labels: Labels, span: Span) -> None:
        """Tell how long an attempt of a step took, whether it is a retry, and whether it failed."""


class TaskMetrics:
    """Measures the spans that end."""

    def __init__(self, *instruments: Instruments, close: Callable[[], None] = lambda: None) -> None:
        self._instruments = instruments
        self.close = close  # waits for the last export of what was measured
        self._names: set[str] = set()

    def observe(self, spans: Iterable[Span]) -> None:
        """Measure the spans of tasks and attempts; marks of an end, follow-ups and open spans are left out."""
        for span in spans:
            attributes = span.attributes
            if "execution_duration" not in attributes or not _UNFINISHED.isdisjoint(attributes):
                continue
            labels = {"task_name": self._bounded(span, "task_name"), "status": str(attributes.get("status", ""))}
            seconds = (span.end - span.start) / _NANOSECONDS
            for instruments in self._instruments:
                if "step_id" in attributes:
                    instruments.step(seconds, {**labels, "step_name": self._bounded(span, "step_name")}, span)
                else:
                    instruments.task(seconds, labels, span)

    def _bounded(self, span: Span, name: str) -> str:
        value = str(span.attributes.get(name, ""))
        if value not in self._names:
            if len(self._names) >= _MOST_NAMES:
                return _OTHER
            self._names.add(value)
        return value


class PrometheusInstruments:
    """Measurements for a Prometheus that scrapes this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._task = Histogram(
            "tasker_task_duration_seconds", "How long tasks took.", _TASK_LABELS, buckets=SECONDS, registry=registry
        )
        self._step = Histogram(
            "tasker_step_duration_seconds",
            "How long attempts of steps took.",
            _STEP_LABELS,
            buckets=SECONDS,
            registry=registry,
        )
        self._retries = Counter(
            "tasker_step_retries", "Attempts beyond the first.", _STEP_LABELS[:2], registry=registry
        )
        self._failures = Counter("tasker_step_failures", "Attempts that failed.", _STEP_LABELS[:2], registry=registry)

        self._children: dict[
            tuple[Histogram | Counter | str, ...], Any
        ] = {}  # the client's own look-up costs more than the measurement

    def task(self, seconds: float, labels: Labels, span: Span) -> None:
        """See `Instruments`."""
        self._child(self._task, labels["task_name"], labels["status"]).observe(seconds, _exemplar(span))

    def step(self, seconds: float, labels: Labels, span: Span) -> None:
        """See `Instruments`."""
        names = labels["task_name"], labels["step_name"]
        self._child(self._step, *names, labels["status"]).observe(seconds, _exemplar(span))
        if span.attributes.get("attempt_number") != 1:
            self._child(self._retries, *names).inc()
        if span.status == ERROR:
            self._child(self._failures, *names).inc()

    def _child(self, metric: Histogram | Counter, *values: str) -> Any:
        key = (metric, *values)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*values)
        return child


class OtelInstruments:
    """Measurements for whatever reads an OpenTelemetry meter."""

    def __init__(self, meter: Meter) -> None:
        bounds = [float(bound) for bound in SECONDS]
        self._task = meter.create_histogram(
            "tasker.task.duration", "s", "How long tasks took.", explicit_bucket_boundaries_advisory=bounds
        )
        self._step = meter.create_histogram(
            "tasker.step.duration", "s", "How long attempts of steps took.", explicit_bucket_boundaries_advisory=bounds
        )
        self._retries = meter.create_counter("tasker.step.retries", "{attempt}", "Attempts beyond the first.")
        self._failures = meter.create_counter("tasker.step.failures", "{attempt}", "Attempts that failed.")

    def task(self, seconds: float, labels: Labels, span: Span) -> None:
        """See `Instruments`."""
        self._task.record(seconds, _dotted(labels), context=set_span_in_context(NonRecordingSpan(_context(span))))

    def step(self, seconds: float, labels: Labels, span: Span) -> None:
        """See `Instruments`."""
        context, attributes = set_span_in_context(NonRecordingSpan(_context(span))), _dotted(labels)
        self._step.record(seconds, attributes, context=context)
        del attributes["tasker.status"]
        if span.attributes.get("attempt_number") != 1:
            self._retries.add(1, attributes, context=context)
        if span.status == ERROR:
            self._failures.add(1, attributes, context=context)


def _dotted(labels: Labels) -> Labels:
    """Return labels under names as OpenTelemetry's conventions form them."""
    return {f"tasker.{name.replace('_', '.')}": value for name, value in labels.items()}


def _exemplar(span: Span) -> Labels | None:
    return {"trace_id": span.trace_id, "span_id": span.span_id} if span.flags & SAMPLED else None


def _context(span: Span) -> SpanContext:
    flags = TraceFlags(span.flags & SAMPLED)
    return SpanContext(int(span.trace_id, 16), int(span.span_id, 16), is_remote=True, trace_flags=flags)
