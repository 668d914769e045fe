"""The telemetry group at work: effects of touched tasks, its own numbers, and when a task wants to be asked again."""

from collections.abc import Sequence

import pytest

from tasker_consumers.telemetry.app import build_telemetry_processor
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.export.exporter import ExportResult, Rejection
from tasker_consumers.telemetry.processing.processor import TelemetryProcessor
from tasker_consumers.telemetry.spans.span import Span
from tests.support.telemetry.histories import TASK, Told, failed_order, folded, order, told


class Picky:
    """An exporter that refuses one span of each export."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...

    def ready(self) -> bool:
        return True

    async def export(self, items: Sequence[Span]) -> ExportResult[Span]:
        return ExportResult(len(items) - 1, [Rejection(1, "no", items[:1])])


async def worked(processor: TelemetryProcessor, records: list[Told]) -> TelemetryProcessor:
    state: TaskState | None = None
    for record in records:
        state = processor.fold(state, processor.decode(record))
    assert state is not None
    await processor.effects_of(0, {TASK.encode(): state})
    return processor


async def test_the_group_counts_its_own_work(monkeypatch: pytest.MonkeyPatch) -> None:
    refused: list[Rejection[Span]] = []

    async def put(_: object, rejections: Sequence[Rejection[Span]]) -> None:
        refused.extend(rejections)

    monkeypatch.setattr("tasker_consumers.telemetry.export.refused_items.RefusedItems.put", put)
    outside = told("shop.opened", 0, task_id=None)
    processor = await worked(build_telemetry_processor(Picky(), environ={}), [outside, *order()])
    values = {
        name: processor.registry.get_sample_value(f"tasker_telemetry_{name}")
        for name in ("spans_exported_total", "spans_rejected_total", "events_outside_total", "backend_up")
    }
    assert values == {
        "spans_exported_total": 5,
        "spans_rejected_total": 1,
        "events_outside_total": 1,
        "backend_up": 1,
    }
    assert len(refused) == 1


async def test_spans_of_tasks_that_are_not_kept_are_counted_and_measured() -> None:
    environ = {"TASKER_TELEMETRY_SAMPLE_RATIO": "0"}
    processor = await worked(build_telemetry_processor(Picky(), environ=environ), order())
    assert processor.registry.get_sample_value("tasker_telemetry_spans_unsampled_total") == 6
    ended = {"task_name": "order_processing", "status": "complete"}
    assert processor.registry.get_sample_value("tasker_task_duration_seconds_count", ended) == 1


async def test_a_state_outside_of_any_task_has_no_effects() -> None:
    processor = build_telemetry_processor(Picky(), environ={})
    state = processor.fold(None, processor.decode(told("shop.opened", 0, task_id=None)))
    effects = await processor.effects_of(0, {b"shop.opened": state})
    assert (effects.timers, processor.index.total.tasks) == ({}, 0)


async def test_a_task_whose_spans_wait_sets_a_timer() -> None:
    processor = build_telemetry_processor(Picky(), environ={"TASKER_TELEMETRY_GRACE_S": "60"})
    effects = await processor.effects_of(0, {TASK.encode(): folded(order())})
    assert effects.timers.keys() == {TASK.encode()}


def test_a_silent_task_is_due() -> None:
    processor = build_telemetry_processor(Picky(), environ={})
    state = folded(order()[:2])
    state.head.seen_at = 0
    assert not processor.is_due(state, 1)
    assert processor.is_due(state, 86_401 * 1_000_000)


async def test_a_trace_whose_caller_did_not_want_it_is_not_exported() -> None:
    unwanted = [r._replace(headers=[(n, v.replace(b"-01", b"-00")) for n, v in r.headers]) for r in failed_order()]
    processor = await worked(build_telemetry_processor(Picky(), environ={}), unwanted)
    assert processor.registry.get_sample_value("tasker_telemetry_spans_unsampled_total") == 3
    assert processor.registry.get_sample_value("tasker_telemetry_spans_exported_total") == 0
