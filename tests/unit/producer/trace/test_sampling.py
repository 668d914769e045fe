"""Embedding changes neither what a service samples nor what its spans hold."""

from collections.abc import Callable, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    TraceIdRatioBased,
)

from tasker_producer import ProducerSettings
from tasker_producer.testing import RecordingPublisher

TASKS = 300


class Sdk:
    """A service's SDK with one sampler, without touching the process's provider."""

    def __init__(self, sampler: Sampler, monkeypatch: pytest.MonkeyPatch) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: self.provider)
        self.tracer = self.provider.get_tracer("shop")

    def record_in_tasks(self, publisher: RecordingPublisher) -> int:
        """Return how many of the service's spans are recorded, one inside each of many tasks."""
        for number in range(TASKS):
            with publisher.task("order", task_id=f"order-{number}"), self.tracer.start_as_current_span("query"):
                pass
        return len(self.exporter.get_finished_spans())

    def record_alone(self) -> int:
        for _ in range(TASKS):
            self.tracer.start_span("query").end()
        return len(self.exporter.get_finished_spans())


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Sampler], Sdk]]:
    made: list[Sdk] = []

    def make(sampler: Sampler) -> Sdk:
        made.append(Sdk(sampler, monkeypatch))
        return made[-1]

    yield make
    for one_sdk in made:
        one_sdk.provider.shutdown()


@pytest.mark.parametrize(
    ("sampler", "lowest", "highest"),
    [
        (ParentBased(TraceIdRatioBased(0.01)), 0, 20),
        (ParentBasedTraceIdRatio(0.5), 100, 200),
        (TraceIdRatioBased(0.01), 0, 20),
        (ALWAYS_ON, TASKS, TASKS),
        (ParentBased(ALWAYS_ON), TASKS, TASKS),
        (ParentBased(ALWAYS_OFF), 0, 0),
        (ALWAYS_OFF, 0, 0),
    ],
)
def test_the_services_sampler_keeps_the_share_that_it_keeps_alone(
    sdk: Callable[[Sampler], Sdk], sampler: Sampler, lowest: int, highest: int
) -> None:
    assert lowest <= sdk(sampler).record_alone() <= highest
    assert lowest <= sdk(sampler).record_in_tasks(RecordingPublisher()) <= highest


def test_our_own_events_are_sampled_whatever_the_service_samples(sdk: Callable[[Sampler], Sdk]) -> None:
    publisher = RecordingPublisher()
    sdk(ParentBased(ALWAYS_OFF)).record_in_tasks(publisher)
    spans = [event.trace.span for event in publisher.events]
    assert all(span is not None and span.sampled for span in spans)


@pytest.mark.parametrize(("flags", "recorded"), [(1, TASKS), (0, 0)])
def test_a_setting_can_prescribe_the_flags(sdk: Callable[[Sampler], Sdk], flags: int, recorded: int) -> None:
    publisher = RecordingPublisher(ProducerSettings(trace_flags=flags))
    assert sdk(ParentBasedTraceIdRatio(0.5)).record_in_tasks(publisher) == recorded
    assert ProducerSettings.from_env({"TASKER_TRACE_FLAGS": f"{flags:02x}"}).trace_flags == flags


def test_inside_a_request_its_own_decision_holds(sdk: Callable[[Sampler], Sdk]) -> None:
    service = sdk(ParentBased(ALWAYS_ON))
    with service.tracer.start_as_current_span("request") as request:
        service.record_in_tasks(RecordingPublisher())
    spans = service.exporter.get_finished_spans()
    assert {span.context.trace_id for span in spans if span.context} == {request.get_span_context().trace_id}


def test_a_sampler_that_fails_is_as_good_as_none(sdk: Callable[[Sampler], Sdk]) -> None:
    class Broken(Sampler):
        def should_sample(self, *_: object, **__: object) -> object:  # type: ignore[override]
            raise ValueError

        def get_description(self) -> str:
            return "broken"

    sdk(Broken())
    publisher = RecordingPublisher()
    with publisher.task("order", task_id=1):
        pass
    assert publisher.published("task.completed")


def test_attributes_for_the_current_span_reach_the_services_own(sdk: Callable[[Sampler], Sdk]) -> None:
    service = sdk(ALWAYS_ON)
    with (
        service.tracer.start_as_current_span("request"),
        RecordingPublisher().task("order", task_id=1) as task,
        task.step("pay"),
    ):
        span = trace.get_current_span()
        assert span.is_recording()
        span.set_attribute("amount", 5)
        span.set_attributes({"currency": "EUR"})
        span.add_event("charged")
        span.record_exception(ValueError("no"))
        span.set_status(trace.StatusCode.ERROR)
        span.end()  # the block's own span is not the service's to end
        assert trace.get_current_span().is_recording()
    (request,) = service.exporter.get_finished_spans()
    assert request.attributes == {"amount": 5, "currency": "EUR"}
    assert [event.name for event in request.events] == ["charged", "exception"]
    assert request.status.status_code is trace.StatusCode.ERROR


def test_a_task_can_leave_the_services_span_current(sdk: Callable[[Sampler], Sdk]) -> None:
    service = sdk(ALWAYS_ON)
    publisher = RecordingPublisher()
    with (
        service.tracer.start_as_current_span("request") as request,
        publisher.task("order", task_id=1, current=False) as task,
        task.step("pay"),
    ):
        publisher.publish_event("order.paid")
        assert trace.get_current_span() is request
    publisher.assert_published("order.paid", task_id="1")
