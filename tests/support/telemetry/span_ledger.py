"""A real OTLP receiver for long runs: it remembers of each span only where it stands, and how many came."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from benchmarks.span_sink import SpanPlace
from tests.support.telemetry.otlp import OtlpReceiver


@dataclass
class SpanLedger(OtlpReceiver):
    """Spans by their places; one that came twice under another parent or name counts as two."""

    places: set[SpanPlace] = field(default_factory=set)
    taken: int = 0

    def keep(self, taken: list[tuple[WireSpan, str]]) -> None:
        """See `OtlpReceiver`."""
        self.taken += len(taken)
        self.places |= {
            SpanPlace(span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name)
            for span, _ in taken
        }

    def wait_until_complete(self, expected: frozenset[SpanPlace], seconds: float) -> None:
        """Wait for as many spans as are expected, and hold each of them to its place: none is missing, none is odd."""
        deadline = time.monotonic() + seconds
        while len(self.places) < len(expected) and time.monotonic() < deadline:
            time.sleep(0.1)
        missing, odd = len(expected - self.places), len(self.places - expected)
        assert (missing, odd) == (0, 0), f"{missing} of {len(expected)} spans are missing, {odd} are odd"


@pytest.fixture
def ledger() -> Iterator[SpanLedger]:
    """A running receiver; a test fails when a batch that it was sent breaks a rule of OpenTelemetry."""
    with SpanLedger() as receiver:
        yield receiver
    assert receiver.faults == []
