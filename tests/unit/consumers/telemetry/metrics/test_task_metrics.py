"""Measurements of tasks and steps, and the group's own numbers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from tasker_consumers.telemetry.metrics.otel_metrics import otlp_meter_provider
from tasker_consumers.telemetry.metrics.task_metrics import OtelInstruments, PrometheusInstruments, TaskMetrics
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import ABANDONED, PROVISIONAL
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.errors import ConfigurationError
from tests.support.telemetry.histories import failed_order, order

ORDER = {"task_name": "order_processing", "status": "complete"}


def measured(spans: Sequence[Span]) -> CollectorRegistry:
    registry = CollectorRegistry()
    TaskMetrics(PrometheusInstruments(registry)).observe(spans)
    return registry


def counts(spans: Sequence[Span]) -> dict[tuple[str, ...], float]:
    """How often each duration, retry and failure was measured, by name and labels."""
    samples = [sample for family in measured(spans).collect() for sample in family.samples]
    numbers = [sample for sample in samples if sample.name.endswith(("_seconds_count", "_total"))]
    return {(sample.name, *map(str, sample.labels.items())): sample.value for sample in numbers}


def test_tasks_and_attempts_are_measured_in_seconds_by_name_and_outcome() -> None:
    registry = measured(spans_of(order()))
    failed = {"task_name": "order_processing", "step_name": "charge_step", "status": "error"}
    assert registry.get_sample_value("tasker_task_duration_seconds_sum", ORDER) == 6.0
    assert registry.get_sample_value("tasker_step_duration_seconds_count", failed) == 1
    assert registry.get_sample_value("tasker_step_duration_seconds_sum", failed) == pytest.approx(1.000001)


def test_retries_and_failures_are_counted_by_step() -> None:
    registry = measured(spans_of(order()))
    charge = {"task_name": "order_processing", "step_name": "charge_step"}
    assert registry.get_sample_value("tasker_step_retries_total", charge) == 1
    assert registry.get_sample_value("tasker_step_failures_total", charge) == 1
    assert registry.get_sample_value("tasker_step_retries_total", {**charge, "step_name": "ship_step"}) is None


def test_an_exemplar_leads_from_a_duration_to_its_trace() -> None:
    spans = spans_of(order())
    assert f'trace_id="{spans[0].trace_id}"'.encode() in generate_latest(measured(spans))  # type: ignore[no-untyped-call]


def test_open_spans_are_not_measured() -> None:
    spans = [replace(span, attributes={**span.attributes, ABANDONED: True}) for span in spans_of(order())]
    assert measured(spans).get_sample_value("tasker_task_duration_seconds_count", ORDER) is None


def test_a_callers_attributes_with_our_names_decide_nothing_about_what_is_measured() -> None:
    evil = {
        "step_id": "X",
        "step_name": "evil",
        "status": "error",
        "attempt_number": 2,
        ABANDONED: True,
        PROVISIONAL: True,
    }
    assert counts(spans_of(failed_order(attributes=evil))) == counts(spans_of(failed_order()))


def test_names_without_end_do_not_fill_the_memory() -> None:
    root = spans_of(order())[0]
    spans = [replace(root, attributes={**root.attributes, "task_name": f"order-{n}"}) for n in range(1500)]
    registry = measured(spans)
    assert registry.get_sample_value("tasker_task_duration_seconds_count", {**ORDER, "task_name": "other"}) == 500


def test_opentelemetrys_instruments_are_named_after_its_conventions_and_carry_exemplars() -> None:
    reader = InMemoryMetricReader()
    spans = spans_of(order())
    TaskMetrics(OtelInstruments(MeterProvider([reader]).get_meter("test"))).observe(spans)
    data: Any = reader.get_metrics_data()
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    assert metrics.keys() == {
        "tasker.task.duration", "tasker.step.duration", "tasker.step.retries", "tasker.step.failures",
    }  # fmt: skip
    (point,) = metrics["tasker.task.duration"].data.data_points
    assert (metrics["tasker.task.duration"].unit, point.sum) == ("s", 6.0)
    assert point.attributes == {"tasker.task.name": "order_processing", "tasker.status": "complete"}
    assert point.exemplars[0].trace_id == int(spans[0].trace_id, 16)


def test_metrics_go_over_otlp_only_when_they_are_asked_for() -> None:
    assert otlp_meter_provider({}) is None
    with pytest.raises(ConfigurationError, match="OTEL_METRICS_EXPORTER is 'statsd'; expected otlp or none"):
        otlp_meter_provider({"OTEL_METRICS_EXPORTER": "statsd"})
