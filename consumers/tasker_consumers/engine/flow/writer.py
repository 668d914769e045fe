"""What a run leaves behind: entries in the store and its changelog, output records, dead letters; all acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tasker_consumers.engine.flow.batch_producer import BatchProducer, ProducerRecord
from tasker_consumers.engine.flow.dead_letters import dead_letter, dead_letter_pointer
from tasker_consumers.engine.flow.partition_executor import uninterrupted
from tasker_consumers.engine.processor import Entries, Record
from tasker_consumers.engine.state.store import StateStore
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import PoisonRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of one run of one partition."""

    entries: Entries
    #: Entries that are in no changelog.
    index: Entries = field(default_factory=dict)
    outputs: Mapping[str, Mapping[bytes, bytes]] = field(default_factory=dict)
    poisoned: Sequence[tuple[Record, PoisonRecord]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWriter:
    """Writes outcomes; the order matters: changelog, store, and only then may the run's offset be committed.

    So the store is never ahead of the changelog. If it were, a part of a state that only the store has would not be
    written again by the next delivery, which may touch other parts, and would be gone with the disk.
    """

    store: StateStore
    producer: BatchProducer
    changelog: str
    dead_letters: str
    dead_letter_partitions: int
    #: Waits until this worker may be sure that the partition is still its own.
    may_write: Callable[[], Awaitable[None]]

    async def write(self, partition: int, result: BatchResult) -> None:
        """Write everything and return when Kafka has acknowledged it.

        Can be cancelled before it begins, not in between: the partition's next owner would read half of it, and what is
        still in the producer's hands would come after the next owner's own records.
        """
        await self.may_write()
        await uninterrupted(self._write(partition, result))

    async def emit(self, partition: int, outputs: Mapping[str, Mapping[bytes, bytes]]) -> None:
        """Send records and return when Kafka has acknowledged them."""
        await self.may_write()
        await uninterrupted(self._emit(partition, outputs))

    async def _emit(self, partition: int, outputs: Mapping[str, Mapping[bytes, bytes]]) -> None:
        await asyncio.gather(*(self._send(topic, partition, records) for topic, records in outputs.items() if records))

    async def _write(self, partition: int, result: BatchResult) -> None:
        changelog_offset, *_ = await asyncio.gather(
            self._send(self.changelog, partition, result.entries),
            *([self._emit(partition, result.outputs)] if result.outputs else []),
            *([self._bury(partition, result.poisoned)] if result.poisoned else []),
        )
        self.store.write(partition, {**result.entries, **result.index}, changelog_offset)

    async def _send(self, topic: str, partition: int, values: Mapping[bytes, bytes | None]) -> int | None:
        return await self.producer.send(topic, partition, (ProducerRecord(key, value) for key, value in values.items()))

    async def _bury(self, partition: int, poisoned: Sequence[tuple[Record, PoisonRecord]]) -> int | None:
        letters = [
            dead_letter_pointer(record) if isinstance(record, UnreadableBatch) else dead_letter(record, error)
            for record, error in poisoned
        ]
        return await self.producer.send(self.dead_letters, partition % self.dead_letter_partitions, letters)
