"""Dead letters read back: which record each of them is, why it was put aside, and how it goes back into its topic."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tasker_consumers.kafka.offsets import TIMEOUT_S
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.partition_times import offsets_at, whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import UsageError

# The engine writes these headers (KIP-1034 names the first five); `replay` knows them by name only.
_ERRORS = "__streams.errors."
_MESSAGE, _TOPIC, _PARTITION, _OFFSET = (_ERRORS + name for name in ("message", "topic", "partition", "offset"))
_ATTEMPTS, _SIZE, _FIRST_OFFSET = "tasker-dlq-attempts", "tasker-dlq-size", "tasker-dlq-first-offset"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a group put aside; `topic`, `partition` and `offset` are where it lay before."""

    letter: StoredRecord
    topic: str
    partition: int
    offset: int
    message: str
    attempts: int

    @property
    def reason(self) -> str:
        """The kind of the problem: the words before the first colon."""
        return self.message.partition(":")[0]

    @property
    def detail(self) -> str:
        """The words behind the first colon."""
        return self.message.partition(":")[2].strip()

    @property
    def is_pointer(self) -> bool:
        """Whether the letter only says where the record lies, because it is too large or cannot be copied."""
        return self.letter.header(_SIZE) is not None


@dataclass(slots=True)
class LetterGroup:
    """Dead letters of the same topic and reason."""

    topic: str
    reason: str
    count: int = 0
    attempts: int = 0
    newest: DeadLetter | None = field(default=None)

    def add(self, letter: DeadLetter) -> None:
        """Count a letter; the newest is kept as the example."""
        self.count += 1
        self.attempts = max(self.attempts, letter.attempts)
        if self.newest is None or (letter.letter.timestamp or 0) >= (self.newest.letter.timestamp or 0):
            self.newest = letter


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSelection:
    """Which dead letters are meant; `since` in milliseconds, `reason` a part of the message."""

    reason: str | None = None
    topic: str | None = None
    since: int | None = None
    positions: frozenset[tuple[int, int]] = frozenset()

    def matches(self, letter: DeadLetter) -> bool:
        """Return whether a letter is selected."""
        return (
            (self.reason is None or self.reason in letter.message)
            and self.topic in (None, letter.topic)
            and (self.since is None or (letter.letter.timestamp or 0) >= self.since)
            and (not self.positions or (letter.letter.partition, letter.letter.offset) in self.positions)
        )


def read_letters(kafka: Mapping[str, str], topic: str, selection: LetterSelection) -> Iterator[DeadLetter]:
    """Yield the selected letters of a dead-letter topic.

    Raises UsageError when there is no such topic, and BackendUnavailable when Kafka does not answer.
    """
    with open_source(kafka) as consumer:
        spans = [span for span in _spans(consumer, topic) if span.start < span.end]
    with open_source(kafka) as consumer:
        for record in read(consumer, spans):
            letter = dead_letter_of(record)
            if selection.matches(letter):
                yield letter


def dead_letter_of(record: StoredRecord) -> DeadLetter:
    """Return a record of a dead-letter topic as a letter; fields that a foreign record lacks are empty or -1."""
    return DeadLetter(
        letter=record,
        topic=_text(record, _TOPIC),
        partition=_number(record, _PARTITION),
        offset=_number(record, _OFFSET),
        message=_text(record, _MESSAGE),
        attempts=max(0, _number(record, _ATTEMPTS)),
    )


def grouped(letters: Iterable[DeadLetter]) -> list[LetterGroup]:
    """Return the letters by topic and reason, the largest group first."""
    groups: dict[tuple[str, str], LetterGroup] = {}
    for letter in letters:
        key = letter.topic, letter.reason
        groups.setdefault(key, LetterGroup(*key)).add(letter)
    return sorted(groups.values(), key=lambda group: (-group.count, group.topic, group.reason))


def original_record(kafka: Mapping[str, str], letter: DeadLetter) -> StoredRecord | None:
    """Return the record that goes back into its topic, byte for byte; None when nobody has its bytes any more.

    Its headers are those that it had, and the number of attempts, so that a group that fails again counts on.
    """
    attempts = (_ATTEMPTS, str(letter.attempts).encode())
    if not letter.is_pointer:
        headers = tuple(pair for pair in letter.letter.headers if not _is_added(pair[0]))
        return replace(
            letter.letter,
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            headers=(*headers, attempts),
        )
    if letter.letter.header(_FIRST_OFFSET) is not None:
        return None  # of a batch that cannot be read no record is known
    with open_source(kafka) as consumer:
        span = whole_range(consumer, letter.topic, letter.partition)
    if not span.start <= letter.offset < span.end:
        return None
    with open_source(kafka) as consumer:
        for record in read(consumer, [OffsetRange(letter.topic, letter.partition, letter.offset, letter.offset + 1)]):
            headers = tuple(pair for pair in record.headers if not _is_added(pair[0]))
            return replace(record, headers=(*headers, attempts))
    return None


def ends_before(kafka: Mapping[str, str], topic: str, moment: int) -> list[OffsetRange]:
    """Return for each partition the letters that arrived before a moment (milliseconds), from its beginning on."""
    with open_source(kafka) as consumer:
        spans = _spans(consumer, topic)
        ends = offsets_at(consumer, spans, moment)
    cut = [span._replace(end=min(span.end, end)) for span, end in zip(spans, ends, strict=True)]
    return [span for span in cut if span.start < span.end]


def _spans(consumer: object, topic: str) -> list[OffsetRange]:
    metadata = consumer.list_topics(timeout=TIMEOUT_S).topics.get(topic)  # type: ignore[attr-defined]
    if metadata is None:
        raise UsageError(f"Kafka has no topic {topic}; is TASKER_TOPIC_PREFIX right?")
    return [whole_range(consumer, topic, partition) for partition in metadata.partitions]


def _is_added(header: str) -> bool:
    return header.startswith(_ERRORS) or header in (_ATTEMPTS, _SIZE, _FIRST_OFFSET)


def _text(record: StoredRecord, name: str) -> str:
    return (record.header(name) or b"").decode("utf-8", "replace")


def _number(record: StoredRecord, name: str) -> int:
    digits = _text(record, name)
    return int(digits) if digits.isdecimal() and len(digits) < 19 else -1  # noqa: PLR2004  longer ones are no offset
