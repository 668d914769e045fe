"""Ended spans on their way to the backend: counted, masked, exported, and put aside where they are refused."""

import asyncio
import logging

from tasker_consumers.telemetry.export.exporter import Exporter, description_of
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.options import TelemetryOptions
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.headers import SAMPLED

logger = logging.getLogger(__name__)


class SpanSender:
    """Sends spans by an exporter, as the operator's options say."""

    def __init__(self, group: str, exporter: Exporter[Span], options: TelemetryOptions, metrics: GroupMetrics) -> None:
        self._group = group
        self._exporter = exporter
        self._options = options
        self._metrics = metrics
        metrics.backend_up.set_function(lambda: float(exporter.ready()))

    async def send(self, ended: list[Span]) -> None:
        """Export the spans that are sampled; returns when the backend has taken or refused each of them."""
        self._options.tasks.observe(ended)
        sampled = [span for span in ended if span.flags & SAMPLED]
        self._metrics.unsampled.inc(len(ended) - len(sampled))
        # In a thread: to mask long texts takes its time, and heartbeats and `/healthz` have to be answered meanwhile.
        spans = await asyncio.to_thread(self._sanitized, sampled) if sampled else []
        if spans:
            await self._export(spans)

    async def start(self) -> None:
        """Open the backend, and say in the log where spans go."""
        logger.info(
            "Telemetry group %s: exporter %s; sampling %s; span names %s; %s.",
            self._group,
            description_of(self._exporter),
            self._options.policy.sampling,
            self._options.policy.names,
            self._options.shape,
        )
        await self._exporter.start()

    async def stop(self) -> None:
        """Close the backend and the exporter of metrics."""
        await self._exporter.stop()
        await asyncio.to_thread(self._options.tasks.close)

    def ready(self) -> bool:
        """Return whether the backend takes spans."""
        return self._exporter.ready()

    def _sanitized(self, sampled: list[Span]) -> list[Span]:
        sanitize = self._options.sanitizer.sanitize
        return [sanitize(span) for span in self._options.shape.applied(sampled)]

    async def _export(self, spans: list[Span]) -> None:
        self._metrics.count_spans(spans)
        with self._metrics.export_seconds.time():
            result = await self._exporter.export(spans)
        self._metrics.count_result(result)
        if result.rejections:
            await self._options.put_aside(result.rejections)
