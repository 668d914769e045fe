"""Questions about dead letters: counts by group and reason, and the newest of them."""

from sqlalchemy import func, select

from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import dead_letters

MAX_PAGE = 1000


def letter_counts(reader: StoreReader, since: int) -> list[Answer]:
    """Return the dead letters since a time (microseconds) by `group_name`, `topic` and `reason`, the most first."""
    letters = dead_letters.c
    count = func.count().label("count")
    query = (
        select(
            letters.group_name, letters.topic, letters.reason, count, func.max(letters.arrived_at).label("newest_at")
        )
        .where(letters.arrived_at >= since)
        .group_by(letters.group_name, letters.topic, letters.reason)
        .order_by(count.desc(), letters.group_name, letters.reason)
    )
    return reader.all(query)


def newest_letters(reader: StoreReader, *, group: str | None = None, limit: int = 50) -> list[Answer]:
    """Return the newest dead letters, of one consumer group or of all."""
    letters = dead_letters.c
    query = select(dead_letters) if group is None else select(dead_letters).where(letters.group_name == group)
    return reader.all(query.order_by(letters.arrived_at.desc()).limit(min(limit, MAX_PAGE)))
