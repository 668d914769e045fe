"""Everything else that a run's events tell of a span: attributes, events, inputs, results, backtrace, host."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.durations import offset_text

#: Fields of payloads that spans do not carry, in the order in which they are shown.
_PAYLOAD_FIELDS = ("context", "step_inputs", "step_results")
#: Attributes that the line of a span or the text above it shows already.
_SHOWN_ELSEWHERE = frozenset({"task_id", "task_name", "step_id", "step_name", "attempt_number", "execution_duration"})
_Key = tuple[Any, Any, Any]


def span_details(spans: Sequence[Span], payloads: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Return name and text of each detail by the id of the span that it belongs to."""
    fields: dict[_Key, dict[str, str]] = {}
    for payload in payloads:
        key = payload.get("task_id"), payload.get("step_id"), payload.get("attempt_number")
        for name in _PAYLOAD_FIELDS:
            if payload.get(name) not in (None, "", {}):
                fields.setdefault(key if payload.get("step_id") else (key[0], None, None), {})[name] = str(
                    payload[name]
                )
    return {span.span_id: _details_of(span, fields) for span in spans}


def _details_of(span: Span, fields: Mapping[_Key, Mapping[str, str]]) -> list[tuple[str, str]]:
    attributes = span.attributes
    key = attributes.get("task_id"), attributes.get("step_id"), attributes.get("attempt_number")
    details = [("span", span.span_id)]
    if span.service:
        details.append(("service", span.service))
    details += [(name, str(value)) for name, value in sorted(attributes.items()) if name not in _SHOWN_ELSEWHERE]
    details += list(fields.get(key, {}).items())
    for event in span.events:
        values = {name: value for name, value in event.attributes.items() if name != "exception.stacktrace"}
        text = "".join(f" {name}={value}" for name, value in values.items())
        details.append(("event", f"{offset_text(event.time - span.start)} {event.name}{text}"))
        if stack := event.attributes.get("exception.stacktrace"):
            details.append(("backtrace", f"\n{stack}"))
    return details
