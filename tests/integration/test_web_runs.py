"""Runs that go on, as the web view reads them from Kafka: each visit reads what is new, and shows all."""

import time

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.trace_view.readers import FollowingRuns, KafkaRuns, Records, find_records
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_consumers.web.sources.live.followed_run import FollowedRun
from tasker_producer import EventPublisher, ProducerSettings


class CountingRuns(FollowingRuns):
    """A reader that notes how many records of tasks it returned."""

    count = 0

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        records = super().of_task(task_id, limit)
        self.count += len(records)
        return records


def settings_of(kafka: KafkaSource, prefix: str) -> ConsumerSettings:
    return ConsumerSettings.from_env(
        {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": prefix}
    )


def test_a_run_is_read_on_and_equals_the_run_that_is_read_anew(kafka: KafkaSource, topic_prefix: str) -> None:
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=3)
    settings, begin = settings_of(kafka, topic_prefix), time.time_ns() // 1_000_000 - 60_000
    reader = CountingRuns(settings, begin)
    followed = FollowedRun("outer", reader)
    assert followed.read().run.events == []

    def agree() -> None:
        read, whole = followed.read(), rebuild(find_records("outer", KafkaRuns(settings), alone=False))
        assert read.run == whole
        assert read.spans == whole.spans()
        assert read.tasks == whole.tasks()

    with EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher:
        with publisher.task("order", task_id="outer") as task:
            for number in range(30):
                with task.step(f"step-{number}"):
                    if number == 10:
                        with publisher.task("part", task_id="inner") as part, part.step("charge"):
                            publisher.flush()
                            agree()
        with publisher.task("other", task_id="other"):
            pass
        publisher.flush()
        agree()
        before = reader.count
        agree()
        assert reader.count == before
        assert followed.goes_on()
        with publisher.task("order", task_id="outer", total_steps=31) as task, task.step("one-more"):
            pass
        publisher.flush()
        agree()
    assert before < reader.count < before + 12
    assert {event.data["task_id"] for event in followed.read().run.events} == {"outer", "inner"}
