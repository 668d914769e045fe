"""The spans of a run as JSON."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import os
from typing import TYPE_CHECKING

from tasker_consumers.cli.output import show_json

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run


def show_spans(run: "Run", name: str) -> None:
    """Print the spans of a run: as an OTLP request for `otlp_json`, else with the statistics of the tasks."""
    from tasker_consumers.telemetry.spans.span import span_to_json
    from tasker_consumers.trace_view.otlp_json import otlp_json

    spans = run.spans()
    if name == "otlp_json":
        show_json(otlp_json(spans, os.environ))
    else:
        show_json({"tasks": run.tasks(), "spans": [span_to_json(span) for span in spans]})
