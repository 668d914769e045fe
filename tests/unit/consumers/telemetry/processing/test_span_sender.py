"""Ended spans on their way to the backend."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tasker_consumers.telemetry.export.exporter import ExportResult, Rejection
from tasker_consumers.telemetry.lifetime import Lifetime
from tasker_consumers.telemetry.metrics.group_metrics import GroupMetrics
from tasker_consumers.telemetry.options import TelemetryOptions
from tasker_consumers.telemetry.processing.span_sender import SpanSender
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tests.support.telemetry.histories import order


class Recording:
    """An exporter that keeps the spans it takes."""

    def __init__(self) -> None:
        self.taken: list[Span] = []
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def ready(self) -> bool:
        return self.running

    async def export(self, items: Sequence[Span]) -> ExportResult[Span]:
        self.taken += items
        return ExportResult(len(items), list[Rejection[Span]]())


def sender_of(exporter: Recording, **environ: str) -> tuple[SpanSender, TelemetryOptions]:
    options = TelemetryOptions.from_env(environ, "shop", SpanNames.TASKER, Lifetime())
    return SpanSender("shop-telemetry", exporter, options, GroupMetrics(options.registry)), options


async def test_sampled_spans_are_masked_and_exported_and_the_others_counted() -> None:
    exporter = Recording()
    sender, options = sender_of(exporter, TASKER_FILTER_PARAMETERS="customer")
    root, *others = spans_of(order())
    await sender.send([root, *(replace(span, flags=0) for span in others)])
    assert [span.span_id for span in exporter.taken] == [root.span_id]
    assert exporter.taken[0].attributes["customer"] == "[FILTERED]"
    assert options.registry.get_sample_value("tasker_telemetry_spans_unsampled_total") == 5
    assert options.registry.get_sample_value("tasker_telemetry_spans_exported_total") == 1


async def test_nothing_is_exported_when_nothing_ended() -> None:
    exporter = Recording()
    sender, options = sender_of(exporter)
    await sender.send([])
    assert options.registry.get_sample_value("tasker_telemetry_export_seconds_count") == 0


async def test_the_backend_is_opened_with_a_line_in_the_log_and_closed(caplog: pytest.LogCaptureFixture) -> None:
    sender, options = sender_of(Recording())
    with caplog.at_level(logging.INFO):
        await sender.start()
    assert sender.ready()
    assert options.registry.get_sample_value("tasker_telemetry_backend_up") == 1
    assert "Telemetry group shop-telemetry: exporter " in caplog.text
    await sender.stop()
    assert not sender.ready()
