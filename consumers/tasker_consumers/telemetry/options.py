"""The operator's choices for a telemetry worker."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from tasker_consumers.telemetry.export.refused_items import PutSpansAside, refused_spans
from tasker_consumers.telemetry.export.sanitize import SpanSanitizer
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.metrics.task_instruments import task_metrics
from tasker_consumers.telemetry.metrics.task_metrics import TaskMetrics
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.presentation.shape import SpanShape
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_schemas import environment
from tasker_schemas.topics import dead_letter_topic

GROUP = "telemetry"
_GROUP_NAME = "TASKER_TELEMETRY_GROUP"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryOptions:
    """How a telemetry worker treats spans, and where it puts spans that the backend refuses."""

    group: str = GROUP
    policy: Policy
    lifetime: Lifetime
    sanitizer: SpanSanitizer
    shape: SpanShape
    put_aside: PutSpansAside
    tasks: TaskMetrics  # durations and failures, also of tasks that are not sampled
    registry: CollectorRegistry

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], prefix: str, names: SpanNames, lifetime: Lifetime
    ) -> "TelemetryOptions":
        """Read `TASKER_TELEMETRY_*`, `TASKER_FILTER_*`, `KAFKA_*`, and OpenTelemetry's limits and metrics exporter.

        Raises ConfigurationError for a value that cannot work.
        """
        registry = CollectorRegistry()
        return cls(
            group=_group(environ),
            policy=Policy.from_env(environ, names),
            lifetime=lifetime,
            sanitizer=SpanSanitizer.from_env(environ),
            shape=SpanShape.from_env(environ),
            put_aside=refused_spans(environ, dead_letter_topic(GROUP, prefix)).put,
            tasks=task_metrics(environ, registry),
            registry=registry,
        )


def _group(environ: Mapping[str, str]) -> str:
    """Return the name of the consumer group: each backend has a group, and so its own progress."""
    name = environment.text(environ, _GROUP_NAME) or GROUP
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
        raise environment.refusal(_GROUP_NAME, name, "letters, digits, dots, dashes and underscores")
    return name
