"""Log records are masked, limited, exported, counted, and put aside where they are refused."""

from collections.abc import Sequence

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.exporter import ExportResult, Rejection
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.options import TelemetryOptions
from tasker_consumers.telemetry.processing.log_sender import LogSender, log_sender_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tests.support.telemetry.histories import T0, folded, order

LOGS = {"TASKER_TELEMETRY_EVENTS": "logs"}


class Picky:
    """An exporter that takes every record but the last."""

    def __init__(self) -> None:
        self.taken: list[LogRecord] = []

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    def ready(self) -> bool:
        return True

    async def export(self, items: Sequence[LogRecord]) -> ExportResult[LogRecord]:
        self.taken += items[:-1]
        return ExportResult(len(items) - 1, [Rejection(1, "no", items[-1:])])


async def sent(state: TaskState, **environ: str) -> tuple[list[LogRecord], list[LogRecord], TelemetryOptions]:
    """Return the records that the exporter took, those that were put aside, and the options."""
    options = TelemetryOptions.from_env({**LOGS, **environ}, "shop", SpanNames.TASKER, Lifetime())
    exporter, refused = Picky(), list[LogRecord]()

    async def put_aside(rejections: Sequence[Rejection[LogRecord]]) -> None:
        refused.extend(item for rejection in rejections for item in rejection.items)

    sender = LogSender(exporter, put_aside, options)
    await sender.start()
    await sender.send([state], T0)
    assert sender.ready()
    await sender.stop()
    return exporter.taken, refused, options


async def test_records_are_masked_and_limited_and_the_refused_are_put_aside() -> None:
    limit = {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "9"}
    taken, refused, options = await sent(folded(order()), TASKER_FILTER_PARAMETERS="customer", **limit)
    assert len(taken) == len(order()) - 1
    assert len(refused) == 1
    first = taken[0]
    assert first.attributes.get("customer", "[FILTERED]") == "[FILTERED]"
    assert max(len(record.attributes) for record in taken) == 9
    assert any(record.dropped_attributes for record in taken)
    values = {
        name: options.registry.get_sample_value(f"tasker_telemetry_log_{name}")
        for name in ("records_exported_total", "records_rejected_total", "backend_up")
    }
    assert values == {"records_exported_total": len(taken), "records_rejected_total": 1, "backend_up": 1}


async def test_values_are_cut_to_the_limit_of_log_records_alone() -> None:
    taken, _, _ = await sent(folded(order()), OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT="3")
    texts = [value for record in taken for value in record.attributes.values() if isinstance(value, str)]
    assert max(map(len, texts)) == 3


async def test_nothing_is_exported_where_nothing_is_new() -> None:
    state = folded(order())
    state.arrivals.clear()
    assert (await sent(state))[:2] == ([], [])


def test_without_a_switch_there_is_no_sender() -> None:
    options = TelemetryOptions.from_env({}, "shop", SpanNames.TASKER, Lifetime())
    assert log_sender_of({}, options, "shop.dlq.telemetry") is None
    switched = TelemetryOptions.from_env(LOGS, "shop", SpanNames.TASKER, Lifetime())
    assert log_sender_of({}, switched, "shop.dlq.telemetry") is not None
