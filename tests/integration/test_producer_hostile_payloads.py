"""Whatever a service publishes: nothing but UsageError comes back, and no secret is in any byte of the topics."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from confluent_kafka.admin import AdminClient
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings, UsageError
from tasker_producer.delivery.spool.settings import FullPolicy
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.producer.hostile import SECRET, Choices
from tests.support.scale import SCALE

BYTES = 100  # of choices, for one payload
PER_EXAMPLE = 50


def event_of_our_own(publisher: EventPublisher, choices: Choices) -> None:
    publisher.publish_event("order.paid", choices.mapping(), additional_context=choices.of((None, choices.mapping())))


def failed_task(publisher: EventPublisher, choices: Choices) -> None:
    error = ValueError(choices.value(), f"password={SECRET}")
    publisher.publish_task_failed({**choices.mapping(), "id": 1}, task_id=1, error=error, context=choices.value())


def completed_step(publisher: EventPublisher, choices: Choices) -> None:
    step = choices.of(({"id": "s", "results": choices.value()}, choices.odd()))
    publisher.publish_step_completed(step, task={"id": 2}, step_results=choices.of((None, choices.value())))


def blocks(publisher: EventPublisher, choices: Choices) -> None:
    with publisher.task("order", task_id=3, context=choices.mapping()) as task, task.step("pay") as step:
        step.results, step.additional_context = choices.value(), choices.mapping()


def odd_field(publisher: EventPublisher, choices: Choices) -> None:
    value = choices.value()
    odd = {
        "timestamp": value,
        "step_name": value,
        "attempt_number": value,
        "error_message": value,
        "backtrace": [value],
    }
    name = choices.of(tuple(odd))
    publisher.publish_step_failed(task_id=4, step_id="s", **{name: odd[name]})


def odd_identity(publisher: EventPublisher, choices: Choices) -> None:
    name, ids = choices.odd(), {choices.of(("task_id", "event_id", "key", "nothing")): choices.odd()}
    publisher.publish_event(choices.of((name, "order.paid", "order." + choices.text())), choices.mapping(), **ids)


def orchestration(publisher: EventPublisher, choices: Choices) -> None:
    task = choices.of(({"id": 5}, choices.odd()))
    publisher.publish_viable_steps_discovered(task, step_ids=choices.of((["s"], choices.odd())), reason=choices.value())


CALLS = (event_of_our_own, failed_task, completed_step, blocks, odd_field, odd_identity, orchestration)


@pytest.fixture
def settings(kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path) -> ProducerSettings:
    create_event_topics(admin, topic_prefix)
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    # Calls come faster than Kafka takes the large ones: they wait, because every record is to be looked at.
    return ProducerSettings(
        kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path, spool_full=FullPolicy.BLOCK, spool_block_s=60.0
    )


def try_out(publisher: EventPublisher, data: bytes) -> str:
    """Make one call; return how it ended."""
    choices = Choices(data)
    call = CALLS[choices.below(len(CALLS))]
    try:
        call(publisher, choices)
    except UsageError as refusal:
        return "refused with the secret" if SECRET in str(refusal) else "refused"
    return call.__name__


def wires(settings: ProducerSettings, family: Family) -> Iterator[bytes]:
    """Yield the records of a topic with all that they carry."""
    topic = event_topic(family, settings.topic_prefix)
    for message in read_all(settings.kafka["bootstrap.servers"], topic, 0, 300):
        yield b"|".join([message.key(), message.value(), *(value for _, value in message.headers())])


@pytest.mark.timeout(300 * SCALE)
def test_no_hostile_payload_raises_and_no_secret_reaches_the_topics(settings: ProducerSettings) -> None:
    publisher = EventPublisher(settings)
    ends: Counter[str] = Counter()

    @hypothesis.settings(max_examples=20 * SCALE, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.binary(min_size=BYTES, max_size=BYTES), min_size=PER_EXAMPLE, max_size=PER_EXAMPLE))
    def publish(payloads: list[bytes]) -> None:
        ends.update(try_out(publisher, data) for data in payloads)

    publish()
    assert ends.keys() == {"refused", *(call.__name__ for call in CALLS)}
    assert publisher.close(60) == 0
    read, leaks = 0, []
    for wire in (wire for family in Family for wire in wires(settings, family)):
        read += 1
        leaks += [wire[max(0, place - 100) : place + 50]] if (place := wire.find(SECRET.encode())) >= 0 else []
    assert not leaks
    counts = publisher.stats()
    assert read == counts["published"] > 0, counts
