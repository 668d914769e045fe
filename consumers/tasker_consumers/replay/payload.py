"""The event in a record's value."""

from functools import lru_cache
from typing import Any

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonReason, PoisonRecord, UsageError
from tasker_schemas.headers import CE_TYPE
from tasker_schemas.names import Family, family_of


def decode(record: StoredRecord, decoder: Decoder) -> dict[str, Any]:
    """Return the event of a record; raises PoisonRecord for a record that holds none."""
    family = family_of_record(record)
    if family is None:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"{record.topic} holds no events, and no header names one")
    return decoder.decode(RECORD_OF_FAMILY[family], record.value)


def family_of_record(record: StoredRecord) -> Family | None:
    """Return the family of a record's event, by its topic, else by its `ce_type` header: copies lie in any topic."""
    family = family_of_topic(record.topic)
    name = record.header(CE_TYPE)
    if family is not None or name is None:
        return family
    try:
        return family_of(name.decode("utf-8", "replace"))
    except UsageError:
        return None


@lru_cache(maxsize=256)  # asked for each record
def family_of_topic(topic: str) -> Family | None:
    """Return the family whose events a topic holds, None for a topic of anything else.

    >>> family_of_topic("tasker.events.step"), family_of_topic("tasker.stats.task")
    (<Family.STEP: 'step'>, None)
    """
    return next((family for family in Family if topic.endswith(f".events.{family}")), None)
