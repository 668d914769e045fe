"""All that leaves after a batch: events as log records, where that is asked for, and the spans that ended."""

from collections.abc import Iterable, Mapping

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.backends import SpanExporter
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.options import GROUP, TelemetryOptions
from tasker_consumers.telemetry.processing.log_sender import LogSender, log_sender_of
from tasker_consumers.telemetry.processing.span_sender import SpanSender
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.topics import dead_letter_topic


class Senders:
    """The sender of spans, and that of log records if there is any."""

    def __init__(self, spans: SpanSender, logs: LogSender | None, metrics: GroupMetrics) -> None:
        self._spans = spans
        self._logs = logs
        self.metrics = metrics

    async def send_events(self, states: Iterable[TaskState], now_us: int) -> None:
        """Send the events that are new in some states as log records; `now_us` is microseconds since the epoch."""
        if self._logs is not None:
            await self._logs.send(states, now_us)

    async def send_spans(self, spans: list[Span]) -> None:
        """Send the spans that ended."""
        await self._spans.send(spans)

    async def start(self) -> None:
        """Open the backends."""
        await self._spans.start()
        if self._logs is not None:
            await self._logs.start()

    async def stop(self) -> None:
        """Close the backends."""
        await self._spans.stop()
        if self._logs is not None:
            await self._logs.stop()

    def ready(self) -> bool:
        """Return whether the backends take spans and log records."""
        return self._spans.ready() and (self._logs is None or self._logs.ready())


def senders_of(exporter: SpanExporter, prefix: str, options: TelemetryOptions, environ: Mapping[str, str]) -> Senders:
    """Return the senders of a worker; raises ConfigurationError for a setting that cannot work."""
    metrics = GroupMetrics(options.registry)
    spans = SpanSender(f"{prefix}-{options.group}", exporter, options, metrics)
    return Senders(spans, log_sender_of(environ, options, dead_letter_topic(GROUP, prefix)), metrics)
