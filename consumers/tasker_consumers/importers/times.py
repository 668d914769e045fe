"""The dates of other systems, as microseconds since the epoch, UTC."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tasker_consumers.importers.documents.node import Node

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 2**63 // 1000  # the year 2262: spans count nanoseconds in 64 bits
_WITHOUT_CENTURY = "%m-%d-%yT%H:%M:%S%z"  # month first, as Pegasus 5 writes it


def read_time(node: Node) -> int:
    """Return the time that a date tells; finer parts than microseconds are cut off, no zone means UTC.

    Every form of ISO 8601 is read, and the American one without a century that some workflow systems write:

    >>> {read_time(Node(text)) for text in (
    ...     "2021-03-23T06:04:36+00:00", "2021-03-22T20:04:36-10:00", "20210323T060436+0000", "03-23-21T06:04:36Z")}
    {1616479476000000}

    Raises BrokenFile for anything else, and for dates before 1970 or after 2262.
    """
    date = parse_date(node.text())
    if date is None:
        node.refuse("a date such as 2021-03-23T06:04:36Z")
    micros = since_epoch(date)
    if not 0 <= micros <= LATEST:
        node.refuse("a date between 1970 and 2262")
    return micros


def since_epoch(date: datetime) -> int:
    """Return a date as microseconds; without a zone it is in UTC."""
    return (date.replace(tzinfo=date.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def parse_date(text: str) -> datetime | None:
    """Return the date that a text tells in any of the forms of `read_time`, else None."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.strptime(text, _WITHOUT_CENTURY)  # noqa: DTZ007  the format ends in %z
    except ValueError:
        return None


def micros_of(seconds: Decimal) -> int:
    """Return seconds as microseconds, rounded to the nearest.

    >>> micros_of(Decimal("0.0000015")), micros_of(Decimal("17.453"))
    (2, 17453000)
    """
    return round(seconds * 1_000_000)
