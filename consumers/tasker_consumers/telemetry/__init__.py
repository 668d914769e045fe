"""The telemetry group: events of tasks and steps in, spans out.

`build_telemetry_processor` is for whoever runs the group, `spans_of` for tools that have a task's records at hand.
"""

from tasker_consumers.telemetry.app import Backend, build_exporter, build_telemetry_processor
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.rebuild import spans_of, spans_of_events
from tasker_consumers.telemetry.spans.attempt_span import SpanNames
from tasker_consumers.telemetry.spans.span import Span, span_from_json, span_to_json

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
