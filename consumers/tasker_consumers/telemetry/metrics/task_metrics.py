"""Durations, retries and failures of tasks and steps, measured from their spans as they end.

They are told to OpenTelemetry's instruments (`tasker.task.duration`, exported over OTLP) and to Prometheus
(`tasker_task_duration_seconds`), with exemplars that lead to a trace. What is delivered again after a crash is counted
again: for exact numbers there are the statistics.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from opentelemetry.metrics import Meter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from prometheus_client import CollectorRegistry, Counter

from tasker_consumers.telemetry.metrics.durations import SECONDS, Durations
from tasker_consumers.telemetry.spans.attributes import ABANDONED, PROVISIONAL
from tasker_consumers.telemetry.spans.span import ERROR, STEP, TASK, AttributeValue, Span
from tasker_schemas.headers import SAMPLED

_MOST_NAMES = 1000
_OTHER = "other"  # stands for all names beyond the limit: a name made of an id must not fill the memory
_NANOSECONDS = 1_000_000_000
_NAMES = ("task_name", "step_name")


@dataclass
class Measurement:
    """The measurement of an ended task, or of an ended attempt of a step."""

    seconds: float
    task_name: str
    step_name: str | None  # None for a task
    status: str
    retried: bool
    failed: bool
    exemplar: Span | None  # the span, for the first of its kind in an export


class Instruments(Protocol):
    """Where measurements go."""

    def tell(self, measured: Measurement) -> None:
        """Record a measurement."""


class TaskMetrics:
    """Measures the spans that end."""

    def __init__(self, *instruments: Instruments, close: Callable[[], None] = lambda: None) -> None:
        self._instruments = instruments
        self.close = close  # waits for the last export of the measurements
        self._names: set[str] = set()

    def observe(self, spans: Iterable[Span]) -> None:
        """Measure the spans of tasks and attempts; marks of an end, follow-ups and open spans are left out."""
        kinds: set[tuple[str, str | None, str]] = set()
        for span in spans:
            attributes = span.attributes
            if span.kind not in (TASK, STEP):
                continue
            if ABANDONED in attributes or PROVISIONAL in attributes:
                continue
            step_name = self._bounded(attributes.get("step_name", "")) if span.kind == STEP else None
            kind = self._bounded(attributes.get("task_name", "")), step_name, str(attributes.get("status", ""))
            exemplar = span if kind not in kinds and span.flags & SAMPLED else None
            kinds.add(kind)
            retried = attributes.get("attempt_number", 1) != 1
            seconds = (span.end - span.start) / _NANOSECONDS
            measured = Measurement(seconds, kind[0], kind[1], kind[2], retried, span.status == ERROR, exemplar)
            for instruments in self._instruments:
                instruments.tell(measured)

    def _bounded(self, value: AttributeValue) -> str:
        name = str(value)
        if name not in self._names:
            if len(self._names) >= _MOST_NAMES:
                return _OTHER
            self._names.add(name)
        return name


class PrometheusInstruments:
    """Measurements for a Prometheus that scrapes this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._task = Durations("tasker_task_duration_seconds", "How long tasks took.", (_NAMES[0], "status"), registry)
        self._step = Durations("tasker_step_duration_seconds", "How long attempts took.", (*_NAMES, "status"), registry)
        self._retries = Counter("tasker_step_retries", "Attempts beyond the first.", _NAMES, registry=registry)
        self._failures = Counter("tasker_step_failures", "Attempts that failed.", _NAMES, registry=registry)

    def tell(self, measured: Measurement) -> None:
        """See `Instruments`."""
        task_name, step_name, status = measured.task_name, measured.step_name, measured.status
        if step_name is None:
            self._task.observe((task_name, status), measured.seconds, measured.exemplar)
            return
        self._step.observe((task_name, step_name, status), measured.seconds, measured.exemplar)
        if measured.retried:
            self._retries.labels(task_name, step_name).inc()
        if measured.failed:
            self._failures.labels(task_name, step_name).inc()


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

    def tell(self, measured: Measurement) -> None:
        """See `Instruments`."""
        context = None if measured.exemplar is None else set_span_in_context(_otel_span(measured.exemplar))
        names = {"tasker.task.name": measured.task_name}
        if measured.step_name is None:
            self._task.record(measured.seconds, {**names, "tasker.status": measured.status}, context=context)
            return
        names["tasker.step.name"] = measured.step_name
        self._step.record(measured.seconds, {**names, "tasker.status": measured.status}, context=context)
        if measured.retried:
            self._retries.add(1, names, context=context)
        if measured.failed:
            self._failures.add(1, names, context=context)


def _otel_span(span: Span) -> NonRecordingSpan:
    flags = TraceFlags(span.flags & SAMPLED)
    context = SpanContext(int(span.trace_id, 16), int(span.span_id, 16), is_remote=True, trace_flags=flags)
    return NonRecordingSpan(context)
