"""Log records by OpenTelemetry's SDK: emitted one by one, encoded in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import LoggerProvider, LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource

from tasker_consumers.telemetry.logs.record import LogRecord

_BATCH = 512  # as the SDK's batch processor sends them


class SdkRecord(NamedTuple):
    """A record, with the context that an application would have emitted it in."""

    record: LogRecord
    context: Context


class _Kept(LogRecordProcessor):
    """Keeps what was emitted, as the batch processor's queue does."""

    def __init__(self) -> None:
        self.records: list[ReadableLogRecord] = []

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        assert log_record.resource is not None
        self.records.append(
            ReadableLogRecord(
                log_record=log_record.log_record,
                resource=log_record.resource,
                instrumentation_scope=log_record.instrumentation_scope,
                limits=log_record.limits,
            )
        )

    def shutdown(self) -> None:
        """Nothing is open."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:  # noqa: ARG002  the SDK's signature
        return True


class SdkLogs:
    """A logger of the SDK, and its way to bytes."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        self._kept = _Kept()
        provider = LoggerProvider(resource=Resource(dict(resource)), shutdown_on_exit=False)
        provider.add_log_record_processor(self._kept)
        self._logger = provider.get_logger("tasker")

    def requests(self, records: Sequence[SdkRecord]) -> list[bytes]:
        """Emit records and return the requests that the SDK's exporter would send."""
        emit = self._logger.emit
        for record, context in records:
            emit(
                timestamp=record.time,
                observed_timestamp=record.observed,
                context=context,
                severity_number=SeverityNumber(record.severity),
                body=record.body,
                attributes=record.attributes,
                event_name=record.event_name,
            )
        emitted, self._kept.records = self._kept.records, []
        return list(_encoded(emitted))


def _encoded(records: Sequence[ReadableLogRecord]) -> Iterator[bytes]:
    for start in range(0, len(records), _BATCH):
        yield encode_logs(records[start : start + _BATCH]).SerializeToString()
