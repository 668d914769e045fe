"""Events on their way to the log backend, as soon as they come: masked, exported, put aside where they are refused."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.exporter import Exporter, description_of
from tasker_consumers.telemetry.export.log_backends import log_exporter_of
from tasker_consumers.telemetry.export.refused_items import PutRecordsAside, refused_log_records
from tasker_consumers.telemetry.logs.log_records import log_records
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.metrics.log_metrics import LogMetrics
from tasker_consumers.telemetry.options import TelemetryOptions

logger = logging.getLogger(__name__)

# Tasks between which other coroutines, heartbeats above all, get their turn.
_TURN = 100


class LogSender:
    """Sends log records by an exporter; the engine commits nothing before the backend has taken or refused them."""

    def __init__(self, exporter: Exporter[LogRecord], put_aside: PutRecordsAside, options: TelemetryOptions) -> None:
        self._exporter = exporter
        self._put_aside = put_aside
        self._options = options
        self._metrics = LogMetrics(options.registry, exporter.ready)

    async def send(self, states: Iterable[TaskState], now_us: int) -> None:
        """Export the events that are new in some states; `now_us` is microseconds since the epoch."""
        records: list[LogRecord] = []
        for count, state in enumerate(states, 1):
            records += log_records(state, self._options.shape.events, now_us)
            if not count % _TURN:
                await asyncio.sleep(0)
        if records:
            await self._export(await asyncio.to_thread(self._sanitized, records))

    async def start(self) -> None:
        """Open the backend, and say in the log where log records go."""
        logger.info("Log records: exporter %s.", description_of(self._exporter))
        await self._exporter.start()

    async def stop(self) -> None:
        """Close the backend."""
        await self._exporter.stop()

    def ready(self) -> bool:
        """Return whether the backend takes log records."""
        return self._exporter.ready()

    def _sanitized(self, records: Sequence[LogRecord]) -> list[LogRecord]:
        sanitize = self._options.sanitizer.sanitize_record
        return [sanitize(record) for record in records]

    async def _export(self, records: Sequence[LogRecord]) -> None:
        with self._metrics.export_seconds.time():
            result = await self._exporter.export(records)
        self._metrics.count_result(result)
        if result.rejections:
            await self._put_aside(result.rejections)


def log_sender_of(environ: Mapping[str, str], options: TelemetryOptions, dead_letters: str) -> LogSender | None:
    """Return the sender of log records, None where nothing is sent so; `dead_letters` is the topic for refused records.

    Raises ConfigurationError for a setting that cannot work.
    """
    if not options.shape.events.need_logs:
        return None
    return LogSender(log_exporter_of(environ), refused_log_records(environ, dead_letters).put, options)
