"""What a publish call costs the thread that makes it, beside the least that it could cost, and beside a span.

`floor` is what nobody can leave out: the same finished records through fastavro, the same headers, `Producer.produce`.
`span` is one sampled OpenTelemetry SDK span with the same attributes and a batch processor. All run in turns, on one
and on many threads; the cost is processor time of the calling threads alone, as the median of the ratios per round.
`step` is a `with task.step` block, which publishes two events, beside a sampled span with the attributes of the span
that is rebuilt from them.

    python -m benchmarks.publish [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from fastavro import parse_schema
from fastavro.write import schemaless_writer
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from rich.console import Console

from benchmarks.rounds import Rates, in_turns, line_of_json, ratio, read_options, show
from tasker_consumers.embedded import find_kafka
from tasker_producer import EventPublisher, ProducerSettings, StepEvents, TaskEvents
from tasker_producer.delivery.client import DEFAULTS, FIXED
from tasker_producer.testing import PublishedEvent, RecordingPublisher
from tasker_schemas.avro.codec import single_object_frame
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest, without_logical_types
from tasker_schemas.names import Family, family_of
from tasker_schemas.topics import event_topic

PREFIX = "bench-publish"
THREADS = (1, 4, 16)
# The queue must hold a whole turn: the broker's speed is not what is measured.
QUEUE = {"queue.buffering.max.messages": "2000000", "queue.buffering.max.kbytes": "2000000"}
FLUSH_S = 120.0


class Call(NamedTuple):
    """One publish call of a service: the event, its fields, its business context."""

    name: str
    fields: dict[str, Any]
    context: dict[str, Any] | None


def one_order(number: int) -> Iterator[Call]:
    """Yield the calls that tell the life of one task with four steps, secrets included."""
    task = {"task_id": f"order-{number}", "task_name": "order_processing", "correlation_id": f"request-{number}"}
    began = 1_750_000_000_000_000 + number * 1_000_000
    context = {"cart": number, "customer": {"email": "ada@example.org", "password": "hunter2"}, "channel": "web"}
    yield Call(TaskEvents.INITIALIZE_REQUESTED, {**task, "context": context, "total_steps": 4}, None)
    yield Call(TaskEvents.START_REQUESTED, {**task, "started_at": began}, None)
    for step in ("fetch_cart", "validate_products", "charge_card", "send_confirmation"):
        attempt = {**task, "step_id": step, "step_name": step, "attempt_number": 1, "retry_limit": 3}
        yield Call(StepEvents.HANDLE, {**attempt, "started_at": began}, None)
        ended = {"started_at": began, "completed_at": began + 200_000, "execution_duration": 0.2}
        results = {"items": 3, "total": 99.5, "currency": "EUR"}
        business = {"operation_count": 12, "region": "eu-west", "api_key": "k-1", "endpoint": "https://pay.example"}
        yield Call(StepEvents.COMPLETED, {**attempt, **ended, "step_results": results}, business)
    counters = {"total_steps": 4, "completed_steps": 4, "failed_steps": 0, "pending_steps": 0}
    yield Call(TaskEvents.COMPLETED, {**task, **counters, "started_at": began, "execution_duration": 0.9}, None)


def publish(publisher: EventPublisher, calls: Sequence[Call]) -> None:
    """Make the calls as a service makes them."""
    for name, fields, context in calls:
        if name.startswith("step."):
            publisher.publish_step_event(name, additional_context=context, **fields)
        else:
            publisher.publish_task_event(name, additional_context=context, **fields)


class Floor:
    """The same finished records with nothing around them."""

    def __init__(self, servers: str) -> None:
        self.producer = Producer({**DEFAULTS, **QUEUE, **FIXED, "bootstrap.servers": servers})
        self._schemas = {
            record: parse_schema(without_logical_types(latest(record).declared)) for record in RECORD_OF_FAMILY.values()
        }

    def send(self, events: Sequence[PublishedEvent]) -> None:
        """Encode and produce finished events."""
        for name, fields, topic, key, headers, _ in events:
            record = RECORD_OF_FAMILY[family_of(name)]
            out = BytesIO()
            out.write(single_object_frame(record))
            schemaless_writer(out, self._schemas[record], fields)
            self.producer.produce(topic, out.getvalue(), key.encode(), headers=list(headers))


class Swallow(SpanExporter):
    """Takes spans and forgets them: a backend that costs nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


class Spans:
    """One sampled SDK span for each event."""

    def __init__(self) -> None:
        self.provider = TracerProvider()
        self.provider.add_span_processor(BatchSpanProcessor(Swallow(), max_queue_size=100_000))
        self._tracer = self.provider.get_tracer("benchmark")

    def record(self, calls: Sequence[Call]) -> None:
        """Record a span with the same names and values."""
        for name, fields, context in calls:
            with self._tracer.start_as_current_span(name) as span:
                for key, value in fields.items():
                    span.set_attribute(key, value if isinstance(value, (str, int, float)) else str(value))
                for key, value in (context or {}).items():
                    span.set_attribute(key, value)

    def record_steps(self, number: int) -> None:
        """Record a span for each step, inside a span of their task."""
        with self._tracer.start_as_current_span("task order_processing"):
            for count in range(number):
                with self._tracer.start_as_current_span("step charge_card") as span:
                    span.set_attribute("task_id", "order-1")
                    span.set_attribute("task_name", "order_processing")
                    span.set_attribute("step_id", f"charge-{count}")
                    span.set_attribute("step_name", "charge_card")
                    span.set_attribute("attempt_number", 1)
                    span.set_attribute("execution_duration", 0.1)


def run_steps(publisher: EventPublisher, number: int) -> None:
    """Enter and leave a block for each step of a task."""
    with publisher.task("order_processing", task_id="order-1") as task:
        for count in range(number):
            with task.step("charge_card", step_id=f"charge-{count}"):
                pass


def cost(work: Callable[[], None], threads: int) -> float:
    """Return the processor seconds that `threads` threads spend on the same work, each doing all of it."""
    together = threading.Barrier(threads)

    def timed() -> float:
        together.wait()
        begin = time.thread_time()
        work()
        return time.thread_time() - begin

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: timed(), range(threads)))


class Contest:
    """The three contenders on one Kafka with one workload."""

    def __init__(self, servers: str, tasks: int) -> None:
        self._calls = [call for number in range(tasks) for call in one_order(number)]
        recorder = RecordingPublisher(ProducerSettings(topic_prefix=PREFIX))
        publish(recorder, self._calls)
        self._finished = [
            event._replace(fields={k: v for k, v in event.fields.items() if v not in (None, [], {})})
            for event in recorder.events
        ]
        self._publisher = EventPublisher(
            ProducerSettings(kafka={"bootstrap.servers": servers, **QUEUE}, topic_prefix=PREFIX)
        )
        self._floor = Floor(servers)
        self._spans = Spans()

    def rates(self, threads: int, rounds: int, console: Console) -> Rates:
        """Return events per processor second of the calling threads, by contender."""
        share = max(1, len(self._calls) // threads)
        calls, finished = self._calls[:share], self._finished[:share]

        def rate(work: Callable[[], None], settle: Callable[[], object], _round: int) -> float:
            seconds = cost(work, threads)
            settle()
            return share * threads / seconds

        contenders = {
            "ours": partial(rate, lambda: publish(self._publisher, calls), lambda: self._publisher.flush(FLUSH_S)),
            "floor": partial(rate, lambda: self._floor.send(finished), lambda: self._floor.producer.flush(FLUSH_S)),
            "span": partial(rate, lambda: self._spans.record(calls), self._spans.provider.force_flush),
        }
        return in_turns(contenders, rounds, console)

    def step_rates(self, steps: int, rounds: int, console: Console) -> Rates:
        """Return `with task.step` blocks per processor second of the calling thread, and sampled spans."""

        def rate(work: Callable[[int], None], settle: Callable[[], object], _round: int) -> float:
            seconds = cost(partial(work, steps), 1)
            settle()
            return steps / seconds

        flush = partial(self._publisher.flush, FLUSH_S)
        contenders = {
            "step": partial(rate, partial(run_steps, self._publisher), flush),
            "step span": partial(rate, self._spans.record_steps, self._spans.provider.force_flush),
        }
        return in_turns(contenders, rounds, console)

    def close(self) -> dict[str, int]:
        """Stop everything; return our publisher's counts."""
        self._publisher.close(FLUSH_S)
        self._floor.producer.flush(FLUSH_S)
        self._spans.provider.shutdown()
        return self._publisher.stats()


def create_topics(servers: str) -> None:
    """Create the topics of the contest, where they are not there already."""
    admin = AdminClient({"bootstrap.servers": servers})
    known = admin.list_topics(timeout=30).topics
    names = {event_topic(family, PREFIX) for family in (Family.TASK, Family.STEP)} - known.keys()
    for created in admin.create_topics([NewTopic(name, 4, 1) for name in names]).values() if names else ():
        created.result()


def main() -> int:
    """Run the benchmark; the exit code is 1 if an event was lost."""
    options = read_options(__doc__, rounds=7, tasks=1000)
    console = Console(stderr=True, quiet=options.as_json)
    with find_kafka(os.environ) as kafka:
        create_topics(kafka.bootstrap_servers)
        contest = Contest(kafka.bootstrap_servers, options.tasks)
        by_threads = {threads: contest.rates(threads, options.rounds, console) for threads in THREADS}
        steps = contest.step_rates(10 * options.tasks, options.rounds, console)
        counts = contest.close()
    ratios, microseconds = {}, {}
    for threads, rates in by_threads.items():
        suffix = "" if threads == 1 else f"_{threads}_threads"
        ratios[f"ratio_floor{suffix}"] = ratio(rates, "floor", "ours")
        ratios[f"ratio_otel{suffix}"] = ratio(rates, "span", "ours")
        microseconds[str(threads)] = {name: [round(1e6 / rate, 1) for rate in found] for name, found in rates.items()}
        show(f"publish, {threads} threads", "events per processor second", rates, "ours", console)
    ratios["ratio_step"] = ratio(steps, "step span", "step")
    show("with task.step, 1 thread", "blocks per processor second", steps, "step", console)
    costs = {name: f"{value:.2f}" for name, value in ratios.items()}
    console.print(f"our cost by theirs: {costs} (at most 1.4 x the floor, 0.7 x a span, a step 1.5 x a span)")
    if options.as_json:
        more = {"microseconds_by_threads": microseconds, "counts": counts}
        print(line_of_json("publish", "events per processor second", by_threads[1], ratios, **more))
    return int(counts["delivered"] != counts["published"] or counts["dropped"] > 0)


if __name__ == "__main__":
    sys.exit(main())
