"""A worker is ready when all of its backends are, and opens and closes each of them."""

from tasker_consumers.telemetry.app import build_exporter, build_telemetry_processor
from tests.support.telemetry.histories import TASK, folded, order

NOWHERE = {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "TASKER_TELEMETRY_EVENTS": "span,logs"}


async def test_events_and_spans_leave_in_one_run() -> None:
    processor = build_telemetry_processor(build_exporter(NOWHERE), environ=NOWHERE)
    await processor.start()
    await processor.effects_of(0, {TASK.encode(): folded(order())})
    counts = [
        processor.registry.get_sample_value(f"tasker_telemetry_{name}_total")
        for name in ("log_records_exported", "spans_exported")
    ]
    assert counts == [len(order()), 6]
    assert processor.ready()
    await processor.stop()


async def test_a_worker_without_log_records_has_no_numbers_of_them() -> None:
    processor = build_telemetry_processor(build_exporter(NOWHERE), environ={})
    await processor.effects_of(0, {TASK.encode(): folded(order())})
    assert processor.registry.get_sample_value("tasker_telemetry_log_records_exported_total") is None
    assert processor.registry.get_sample_value("tasker_telemetry_spans_exported_total") == 6
