"""Requests to a backend, as the rest of the process sees them."""

from opentelemetry.context import get_value

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.retrying import BackendExporter
from tasker_consumers.telemetry.export.sending.answers import Answer, success
from tasker_consumers.telemetry.rebuild import spans_of
from tests.support.telemetry.histories import order


class Watching:
    """A transport that looks whether instrumentations would look away."""

    suppressed: object = None

    async def open(self) -> None: ...
    async def close(self) -> None: ...

    async def send(self, _: bytes) -> Answer:
        self.suppressed = get_value("suppress_instrumentation")
        return success()


async def test_our_own_requests_are_never_traced() -> None:
    transport = Watching()
    await BackendExporter(transport, OtlpEncoder({}, "1")).export(spans_of(order()))
    assert transport.suppressed is True
    assert get_value("suppress_instrumentation") is None
