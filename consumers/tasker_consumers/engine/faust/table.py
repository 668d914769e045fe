"""The states as Faust's table: Faust places its partitions and its changelog, the engine's store keeps the values."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import faust
from faust.types import TP

from tasker_consumers.engine.faust.partition_producers import FENCE
from tasker_consumers.engine.state.index import Indexing
from tasker_consumers.engine.state.restoring import Progress
from tasker_consumers.engine.state.store import StateDamaged, StateStore


class RunTable(faust.Table[bytes, bytes]):
    """A Faust table over a `StateStore`, restored from its changelog a run at a time.

    The engine reads and writes the store directly; nothing goes through Faust's dictionary interface.
    """

    def __init__(self, app: Any, *, store: StateStore, indexing: Indexing, progress: Progress, **kwargs: Any) -> None:
        super().__init__(app, key_type=bytes, value_type=bytes, **kwargs)
        self.store = store
        self.indexing = indexing
        self.progress = progress

    async def on_start(self) -> None:
        """Declare the changelog; Faust would also start a store of its own."""
        await self.changelog_topic.maybe_declare()

    async def on_stop(self) -> None:
        """Let go of the store."""
        await super().on_stop()
        self.indexing.release_all()
        self.store.close()

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the offset of the last changelog record in the store."""
        return self.store.offset(tp.partition)

    def begin_epoch(self, tp: TP, offset: int) -> None:
        """Note the offset of the record that this worker began the partition's epoch with.

        When the store has all records before it, nothing is left to be read from the changelog.
        """
        stored = self.store.offset(tp.partition)
        if (-1 if stored is None else stored) == offset - 1:
            self.store.write(tp.partition, {}, offset)

    def apply(self, partition: int, records: Sequence[Any]) -> int:
        """Store changelog records with the offset that they reach; return how many of them are no fences."""
        keys = [record.key for record in records]
        items = {key: record.value for key, record in zip(keys, records, strict=True)}
        items.pop(FENCE, None)
        with suppress(StateDamaged):  # the next assignment begins from nothing
            index = self.indexing.follow(partition, items)
            self.store.write(partition, {**items, **index}, records[-1].offset)
        return len(keys) - keys.count(FENCE)

    async def on_rebalance(
        self,
        assigned: set[TP],  # noqa: ARG002  Faust's signature
        revoked: set[TP],
        newly_assigned: set[TP],  # noqa: ARG002
        generation_id: int = 0,  # noqa: ARG002
    ) -> None:
        """Let go of the partitions that went to other workers."""
        for tp in revoked:
            if tp.topic == self.changelog_topic_name:
                self.indexing.release(tp.partition)
                self.store.release(tp.partition)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:  # noqa: ARG002
        """Put the indexes right, and tell whoever waits for the states; Faust would also ask its own store.

        Faust drops an error that is raised here, so an error ends the worker; damaged states are restored with the next
        assignment, which was asked for when they were noticed.
        """
        try:
            await self.indexing.take({tp.partition for tp in active_tps})
        except StateDamaged:
            return
        except Exception as error:
            await self.app.crash(error)
            raise
        self.progress.end()
        await self.call_recover_callbacks()

    async def need_active_standby_for(self, tp: TP) -> bool:  # noqa: ARG002
        """No standbys: a state is restored from disk and changelog where its partition goes."""
        return False

    def reset_state(self) -> None:
        """Let go of the store; Faust's `reset` command is not how its files are removed."""
        self.store.close()
