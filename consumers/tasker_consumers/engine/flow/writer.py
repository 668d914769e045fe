"""Writes the results of a batch: entries to changelog and store, output records, dead letters; all acknowledged."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tasker_consumers.engine.flow.batch_producer import BatchProducer, ProducerRecord, RecordRefused
from tasker_consumers.engine.flow.dead_letters import letter_of, pointer
from tasker_consumers.engine.flow.partition_executor import uninterrupted
from tasker_consumers.engine.flow.quarantine import Burial
from tasker_consumers.engine.processor import Entries
from tasker_consumers.engine.state.store import StateStore

Outputs = Mapping[str, Mapping[bytes, bytes | None]]
"""Records by topic and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """The changes of a batch of a partition."""

    entries: Entries
    #: Entries that are in no changelog.
    index: Entries = field(default_factory=dict)
    outputs: Outputs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterTopic:
    """Where dead letters go."""

    name: str
    partitions: int
    #: A record that makes a larger letter is buried as a pointer.
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWriter:
    """Writes results; the order matters: changelog, store, and only then may the batch's offset be committed.

    So the store is never ahead of the changelog. If it were, a part of a state that only the store has would not be
    written again by the next delivery, which may touch other parts, and would be gone with the disk.
    """

    store: StateStore
    producer: BatchProducer
    changelog: str
    dead_letters: DeadLetterTopic
    #: Waits until this worker may be sure that the partition is still its own.
    may_write: Callable[[], Awaitable[None]]

    async def write(self, partition: int, result: BatchResult) -> None:
        """Write everything and return when Kafka has acknowledged it.

        Can be cancelled before it begins, not in between: the partition's next owner would read half of it, and
        records that are still in the producer's hands would come after the next owner's own records.

        Raises `RecordRefused` for a state or an output that its topic does not take; then nothing has changed.
        """
        await self.may_write()
        await uninterrupted(self._write(partition, result))

    async def emit(self, partition: int, outputs: Outputs) -> list[RecordRefused]:
        """Send records and return when Kafka has answered: with a refusal for each topic that refused records."""
        await self.may_write()
        answers = await uninterrupted(self._emit(partition, outputs))
        return _refusals(answers)

    async def bury(self, partition: int, burials: Sequence[Burial]) -> None:
        """Send dead letters and return when Kafka has acknowledged them: pointers for records that do not fit."""
        await self.may_write()
        await uninterrupted(self._bury(partition, burials))

    async def _emit(self, partition: int, outputs: Outputs) -> list[int | BaseException | None]:
        sends = (self._send(topic, partition, records) for topic, records in outputs.items() if records)
        return await asyncio.gather(*sends, return_exceptions=True)

    async def _write(self, partition: int, result: BatchResult) -> None:
        entries = self._send(self.changelog, partition, result.entries)
        (changelog, *_), outputs = await asyncio.gather(
            asyncio.gather(entries, return_exceptions=True), self._emit(partition, result.outputs)
        )
        if refusals := _refusals([changelog, *outputs]):
            await self._take_back(partition, result.entries)
            raise refusals[0]
        assert not isinstance(changelog, BaseException)
        self.store.write(partition, {**result.entries, **result.index}, changelog)

    async def _take_back(self, partition: int, entries: Entries) -> None:
        """Write the stored values into the changelog again: it may have taken some of the entries."""
        read = self.store.reader(partition)
        offset = await self._send(self.changelog, partition, {key: read(key) for key in entries})
        self.store.write(partition, {}, offset)

    async def _send(self, topic: str, partition: int, values: Mapping[bytes, bytes | None]) -> int | None:
        return await self.producer.send(topic, partition, (ProducerRecord(key, value) for key, value in values.items()))

    async def _bury(self, partition: int, burials: Sequence[Burial]) -> None:
        topic = self.dead_letters
        try:
            letters = [letter_of(*burial, max_bytes=topic.max_bytes) for burial in burials]
            await self.producer.send(topic.name, partition % topic.partitions, letters)
        except RecordRefused as refusal:
            refused = [burials[position] for position in refusal.positions]
            if len(refused) < len(burials):
                await self._bury(partition, refused)
            elif len(refused) > 1:  # a whole batch was refused for a single record
                await self._bury(partition, refused[: len(refused) // 2])
                await self._bury(partition, refused[len(refused) // 2 :])
            else:
                await self.producer.send(topic.name, partition % topic.partitions, [pointer(*refused[0])])


def _refusals(answers: Sequence[object]) -> list[RecordRefused]:
    """Return the refusals among the answers of producers; raises any other error among them."""
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, RecordRefused):
            raise answer
    return [answer for answer in answers if isinstance(answer, RecordRefused)]
