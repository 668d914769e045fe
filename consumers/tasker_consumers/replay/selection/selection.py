"""The selection of records that all commands share, as a value; a field that is not set does not restrict."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.event_patterns import check_pattern, families_of_pattern, is_error, matches_any
from tasker_consumers.replay.selection.record_facts import DecodeRecord, RecordFacts
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic

Test = Callable[[RecordFacts], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Conditions that a record has to meet, all of them.

    `since` and `until` are times of arrival in milliseconds, `happened_after` and `happened_before` the event's own
    time in microseconds; the first of each pair is inside the range, the second outside. `starts` are the offsets that
    reading begins at, by partition. `limit` is a number of records.

    Raises UsageError for conditions that no record can meet.
    """

    task_id: str | None = None
    trace_id: str | None = None
    correlation_id: str | None = None
    families: frozenset[Family] = frozenset(Family)
    events: tuple[str, ...] = ()
    step_names: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    versions: frozenset[str] = frozenset()
    headers: tuple[tuple[str, str], ...] = ()
    errors_only: bool = False
    since: int | None = None
    until: int | None = None
    happened_after: int | None = None
    happened_before: int | None = None
    starts: tuple[tuple[int, int], ...] = ()
    limit: int | None = None

    def __post_init__(self) -> None:
        _check_range(self.since, self.until, "--since", "--until")
        _check_range(self.happened_after, self.happened_before, "--happened-after", "--happened-before")
        for pattern in self.events:
            check_pattern(pattern)
            if not families_of_pattern(pattern) & self.families:
                raise UsageError(f"event {pattern!r} is of a family that is left out; drop --family or --event")

    def topics(self, prefix: str) -> tuple[str, ...]:
        """Return the topics that hold such records.

        >>> Selection(events=("step.failed",)).topics("tasker")
        ('tasker.events.step',)
        """
        families = self.families
        if self.events:
            families &= frozenset().union(*map(families_of_pattern, self.events))
        return tuple(sorted(event_topic(family, prefix) for family in families))

    def of_task(self, task_id: str) -> "Selection":
        """Return the same selection for a task."""
        return replace(self, task_id=task_id)


class Matcher:
    """Decides record by record; key, time and headers first, and the payload only where they do not tell."""

    def __init__(self, selection: Selection, decode: DecodeRecord) -> None:
        self._key = None if selection.task_id is None else selection.task_id.encode()
        self._since = selection.since
        self._until = selection.until
        self._tests = [*_header_tests(selection), *_payload_tests(selection)]
        self._decode = decode
        #: Records whose payload was needed for a decision and cannot be read; none of them matches.
        self.unreadable = 0

    def matches(self, record: StoredRecord) -> bool:
        """Return whether a record meets all conditions but `limit`."""
        if not self.fits(record.key, record.timestamp):
            return False
        facts = RecordFacts(record, self._decode)
        result = all(test(facts) for test in self._tests)
        self.unreadable += facts.unreadable
        return result

    def fits(self, key: bytes | None, timestamp: int | None) -> bool:
        """Return whether key and time of arrival (milliseconds) meet their conditions."""
        if self._key is not None and key != self._key:
            return False
        if timestamp is None:
            return self._since is None and self._until is None
        return (self._since is None or timestamp >= self._since) and (self._until is None or timestamp < self._until)


def _check_range(start: int | None, end: int | None, first: str, second: str) -> None:
    if start is not None and end is not None and start >= end:
        raise UsageError(f"the time range is empty: {first} must be before {second}")


def _header_tests(selection: Selection) -> Iterator[Test]:
    """Yield the tests that nearly always need no payload."""
    for name, value in selection.headers:
        yield _has_header(name, value.encode())
    if selection.events:
        yield lambda facts: matches_any(facts.event_name or "", selection.events)
    if selection.errors_only:
        yield lambda facts: is_error(facts.event_name or "")
    if selection.services:
        yield lambda facts: facts.service in selection.services
    if selection.trace_id is not None:
        yield lambda facts: facts.trace_id == selection.trace_id
    if (start := selection.happened_after) is not None:
        yield lambda facts: (happened := facts.happened_at) is not None and happened >= start
    if (end := selection.happened_before) is not None:
        yield lambda facts: (happened := facts.happened_at) is not None and happened < end


def _payload_tests(selection: Selection) -> Iterator[Test]:
    if selection.step_names:
        yield lambda facts: facts.field("step_name") in selection.step_names
    if selection.versions:
        yield lambda facts: facts.field("service_version") in selection.versions
    if selection.correlation_id is not None:
        yield lambda facts: facts.field("correlation_id") == selection.correlation_id


def _has_header(name: str, value: bytes) -> Test:
    pair = (name, value)
    return lambda facts: pair in facts.record.headers
