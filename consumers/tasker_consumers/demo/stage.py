"""The stage of the demo: a Kafka with topics and both groups at work, removed afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from confluent_kafka import KafkaException, Producer

from tasker_consumers.demo.progress import Progress
from tasker_consumers.demo.workers import Worker, start_workers
from tasker_consumers.embedded import KafkaSource, ServerKind, find_kafka
from tasker_consumers.kafka.topics import connect, create_topics, partitions_by_topic
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.stats import processor as stats
from tasker_consumers.stats.core.fold import FAMILIES
from tasker_consumers.telemetry import options as telemetry
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic

#: Time in seconds between two looks at the statistics, and between two commits of the groups.
LOOK_EVERY_S = 0.1
#: A Kafka that has had no group yet has no coordinator for a while; its client would ask for a minute.
_REMOVE_GROUPS_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A Kafka with topics and both groups at work; `kafka` are connection settings under librdkafka's names."""

    source: KafkaSource
    kafka: Mapping[str, str]
    prefix: str
    directory: Path
    workers: list[Worker]

    @property
    def environ(self) -> dict[str, str]:
        """The environment of whoever publishes or reads here."""
        # A spool of its own: the demo sends no other service's undelivered events, and no service sends the demo's.
        variables = {**_variables(self.source, self.prefix), "TASKER_SPOOL_DIR": str(self.directory / "spool")}
        inherited = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in variables}
        return {**inherited, **variables}

    @property
    def variables(self) -> dict[str, str]:
        """The variables that name this Kafka and its topics."""
        return _variables(self.source, self.prefix)

    @property
    def spans_file(self) -> Path:
        """Where the telemetry group writes its spans."""
        return _spans_file(self.directory)


@contextmanager
def set_stage(settings: ConsumerSettings, progress: Progress) -> Iterator[Stage]:
    """Start everything, and stop and remove it after the block; a Kafka of somebody else is left as it was."""
    with ExitStack() as stack:
        servers = settings.kafka.get("bootstrap.servers", "")
        source = stack.enter_context(find_kafka({**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers}))
        progress.note(f"Kafka: {source.how}, {source.bootstrap_servers}. {source.why}")
        kafka = {**settings.kafka, "bootstrap.servers": source.bootstrap_servers}
        prefix = settings.topic_prefix
        is_foreign = source.how is ServerKind.CONFIGURED
        if is_foreign:
            prefix = f"{prefix}-demo-{uuid4().hex[:8]}"  # nothing that is live there is touched
            stack.callback(_remove_topics, kafka, prefix)
        states = create_topics(
            kafka, prefix, partitions=settings.partitions, replication_factor=settings.replication_factor
        )
        progress.note(f"Topics: {prefix}.*, {len(states)} of them with {settings.partitions} partitions.")
        # A Kafka that has just started keeps its first idempotent producer waiting, which logs a warning.
        _first = Producer({"log_level": 0, **kafka, "enable.idempotence": True})
        directory = Path(tempfile.mkdtemp(prefix="tasker-demo-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        variables = _worker_variables(source, prefix, directory)
        workers = stack.enter_context(start_workers(directory, variables, politely=is_foreign))
        progress.note("Groups: stats and telemetry, each a process of its own, are at work.")
        yield Stage(source=source, kafka=kafka, prefix=prefix, directory=directory, workers=workers)


def readers(prefix: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the groups of the demo with the topics they read."""
    groups = ((stats.GROUP, FAMILIES), (telemetry.GROUP, tuple(Family)))
    return [(f"{prefix}-{group}", tuple(event_topic(f, prefix) for f in families)) for group, families in groups]


def _variables(source: KafkaSource, prefix: str) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": source.bootstrap_servers, "TASKER_TOPIC_PREFIX": prefix}


def _worker_variables(source: KafkaSource, prefix: str, directory: Path) -> dict[str, str]:
    return {
        **_variables(source, prefix),
        "TASKER_TELEMETRY_FILE": str(_spans_file(directory)),
        "TASKER_COMMIT_INTERVAL_S": str(LOOK_EVERY_S),  # somebody waits for the commits
    }


def _spans_file(directory: Path) -> Path:
    return directory / "spans.jsonl"


def _remove_topics(kafka: Mapping[str, str], prefix: str) -> None:
    """Remove every topic of this demo, those of the groups included, and the groups."""
    admin = connect(kafka)
    own_topics = [name for name in partitions_by_topic(admin) if name.startswith((f"{prefix}.", f"{prefix}-"))]
    removed = [*admin.delete_topics(own_topics).values()] if own_topics else []
    groups = [group for group, _ in readers(prefix)]
    removed += admin.delete_consumer_groups(groups, request_timeout=_REMOVE_GROUPS_S).values()
    for done in removed:
        with suppress(KafkaException):  # a topic that stays disturbs nobody
            done.result()
