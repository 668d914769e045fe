"""What is wrong with a store, and whether its group has workers."""

import time
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from confluent_kafka import KafkaException
from sqlalchemy import Engine

from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.groups import members
from tasker_consumers.kafka.topic_identity import topic_identity
from tasker_consumers.store import tables
from tasker_consumers.store.database import database_errors, is_sqlite
from tasker_consumers.store.maintenance import miscounted
from tasker_consumers.units import DAY_US
from tasker_schemas.errors import BackendUnavailable, ConfigurationError

#: How far back counts are compared.
_DAYS = 7
#: Rows of odd times above which the partition for them is worth a look.
_MANY = 10_000


def findings(engine: Engine, kafka: Mapping[str, str], prefix: str) -> list[str]:
    """Return a sentence for each thing that is wrong; topics are compared where `kafka` names brokers."""
    since = time.time_ns() // 1000 - _DAYS * DAY_US
    sentences = [
        f"group {fingerprint}: its counts of the last {_DAYS} days are not those of its rows: "
        "`tasker store rebuild --empty` counts anew"
        for fingerprint in miscounted(engine, since)
    ]
    sentences += _crowded_defaults(engine)
    if kafka.get("bootstrap.servers"):
        sentences += _other_topics(engine, kafka, prefix)
    return sentences


def require_no_workers(kafka: Mapping[str, str], prefix: str) -> None:
    """Raise ConfigurationError while the store's group has workers: they would go on where they are."""
    group = f"{prefix}-store"
    try:
        count = members(QuietAdmin(kafka), group)
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not tell the members of {group}: {error.args[0].str()}") from error
    if count:
        raise ConfigurationError(f"stop all workers first; {group} has {count} member{'s' if count > 1 else ''}")


def _crowded_defaults(engine: Engine) -> Iterator[str]:
    if is_sqlite(engine):
        return
    with database_errors(engine), engine.connect() as connection:
        for table in tables.EVENT_TABLES:
            part = f"SELECT 1 FROM {table.name}_default LIMIT {_MANY}"  # noqa: S608  names of ours
            count = connection.exec_driver_sql(f"SELECT count(*) FROM ({part}) AS rows").scalar_one()  # noqa: S608
            if count >= _MANY:
                yield (
                    f"{table.name}_default has {_MANY} rows or more, of events more than 400 days old or ahead of "
                    "their time: they are pruned row by row"
                )


def _other_topics(engine: Engine, kafka: Mapping[str, str], prefix: str) -> Iterator[str]:
    positions = tables.positions.c
    query = sa.select(positions.topic, positions.topic_id).distinct().where(positions.topic.startswith(f"{prefix}."))
    with database_errors(engine), engine.connect() as connection:
        stored = list(connection.execute(query))
    admin = QuietAdmin(kafka)
    for topic, topic_id in stored:
        if topic_identity(admin, topic) != topic_id:
            yield f"{topic} was made anew since the store read it: its worker reads it from its beginning"
