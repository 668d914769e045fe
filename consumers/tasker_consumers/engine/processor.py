"""The contract between an app and the engine: how to read a record, how to fold it, and the effects of new states.

The engine reads runs of records, keeps a state per record key in a changelogged table, and moves its offsets when
everything that a run caused is acknowledged. It knows no event: all meaning is in here.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from prometheus_client import CollectorRegistry

S = TypeVar("S")
E = TypeVar("E")

PART = b"\x00"
"""Stands between a key and the name of a part of its state; no record key may contain it."""

INDEX = PART + PART + b"index:"
"""What the keys of an index begin with; no state's key or part does."""

Read = Callable[[bytes], bytes | None]
"""Reads one entry of the partition's table."""

Entries = Mapping[bytes, bytes | None]
"""Entries to write into the partition's table by key; None deletes."""


class Record(Protocol):
    """A Kafka record as the client hands it over; `timestamp` is in milliseconds since the epoch."""

    @property
    def topic(self) -> str: ...  # noqa: D102  Kafka's own terms
    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """The effects of a run beside the states themselves.

    Entries of the application's own are written before the states, to the changelog too, so a state that came back is
    never without the entries that were written with it. They begin with `PART`.
    """

    #: Records by topic and key; None is a tombstone.
    outputs: Mapping[str, Entries] = field(default_factory=dict)
    entries: Entries = field(default_factory=dict)
    #: The index entries that changed, in the same write with the states, and in this worker's store only.
    index: Entries = field(default_factory=dict)
    #: When states want to be asked whether something is due, by key, in microseconds; a sweep asks them late at most.
    timers: Mapping[bytes, int] = field(default_factory=dict)
    #: Called when everything is written and acknowledged.
    written: Callable[[], None] = lambda: None


class States(Protocol):
    """The stored entries of a partition that this worker holds."""

    @property
    def partition(self) -> int: ...  # noqa: D102

    @property
    def read(self) -> Read:
        """The reader of an entry."""

    def heads(self) -> Iterator[bytes]:
        """Iterate over the keys that have a state; to be used up or closed before the next `await` that may be long."""

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over all entries whose keys begin so, in the order of their keys; the same holds."""


class Index(Protocol):
    """Entries that an application derives from all states of a partition, and keeps beside them.

    Its entries begin with `INDEX`. They change with the states, in one write of the store, and are in no changelog:
    when states were restored, the index is made anew from them. So it cannot disagree with the states.
    """

    @property
    def version(self) -> bytes:
        """A version that differs from the stored version has the index made anew."""

    @property
    def emit_seconds(self) -> float:
        """How often `emit` is called for each partition held."""

    def rebuild(self, states: States) -> AsyncIterator[Entries]:
        """Yield all entries of the index in parts, from the states alone; should let others have their turn.

        Each part is written before the next part is asked for, so a rebuild may read its parts and change them.
        """

    def follow(self, states: States, items: Entries) -> Entries:
        """Return the index's changes by entries that come back from the changelog; these are not written yet.

        It is asked for a few; when there are many, `rebuild` is.
        """

    def held(self, states: States) -> None:
        """Note that this worker holds a partition now, its states and its index restored."""

    def released(self, partition: int) -> None:
        """Note that it holds it no more; nothing may be read from it."""

    async def emit(self, states: States) -> Effects:
        """Return the records to publish periodically: Kafka acknowledges these outputs before anything is written."""


class Processor(Protocol[S, E]):
    """The rules of a consumer group: records of co-partitioned topics are folded into a state per key.

    A state is stored as a head under the key itself, and may have parts under `key + PART + name`, so that a large
    state is neither a single large record nor rewritten whole for every event.

    A run of records can be delivered again after a crash or a rebalance, so the fold has to be idempotent. Every state
    that a run touched is written and given to `effects_of` again, also when the run changed nothing in it: that is what
    restores whatever got lost between "state written" and "offset committed".
    """

    @property
    def group(self) -> str:
        """The consumer group, which is also the name of the Faust application."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The topics to read; they have the same number of partitions and partition their keys alike."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The compacted topics for the records that `effects_of` returns, partitioned as the sources are."""

    @property
    def dead_letters(self) -> str:
        """The topic for records that can never be read."""

    @property
    def gather_seconds(self) -> float:
        """How long records wait for others of the same moment from other topics; 0 takes them as they come."""

    @property
    def registry(self) -> CollectorRegistry | None:
        """The application's own numbers, served with the engine's; None when there are none."""

    @property
    def index(self) -> Index | None:
        """The index kept beside the states; None without an index."""

    def decode(self, record: Any) -> E:
        """Return the record's event; raises PoisonRecord for a record that can never be read."""

    def load(self, key: bytes, read: Read) -> S | None:
        """Return the stored state of a key, None when there is none."""

    def dump(self, key: bytes, state: S) -> Entries:
        """Return the entries to write: the head always, parts when they changed; None deletes an entry."""

    def fold(self, state: S | None, event: E) -> S:
        """Return the state with another event in it; the given state may be changed in place."""

    async def effects_of(self, partition: int, touched: dict[bytes, S]) -> Effects:
        """Do the work that the touched states of a partition need, and return the effects.

        Called once per run after all its events are folded. While it waits for a slow backend the partition waits with
        it. It may change the states: they are dumped afterwards. A rebalance or a stop can cancel it, and so can a
        crash at any point: the run is then delivered again.
        """

    def is_due(self, state: S, now_us: int) -> bool:
        """Return whether the passing of time alone (`now_us`: microseconds, UTC) makes effects of this state due."""

    async def start(self) -> None:
        """Open the processor's resources, before the first run."""

    async def stop(self) -> None:
        """Close it, after the last run."""

    def ready(self) -> bool:
        """Return whether the backends answer, for the readiness probe."""
