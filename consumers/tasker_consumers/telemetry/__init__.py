"""The telemetry group: events of tasks and steps in, spans out.

`build_telemetry_processor` is for whoever runs the group, `spans_of` for tools that have a task's records at hand.
"""

from tasker_consumers.telemetry.app import Backend, build_exporter, build_telemetry_processor
from tasker_consumers.telemetry.attempt_span import SpanNames
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.span import Span, span_from_json, span_to_json
from tasker_consumers.telemetry.spans import spans_of, spans_of_events

__all__ = [
    "Backend",
    "Lifetime",
    "Span",
    "SpanNames",
    "build_exporter",
    "build_telemetry_processor",
    "span_from_json",
    "span_to_json",
    "spans_of",
    "spans_of_events",
]
