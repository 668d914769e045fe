"""How many spans are open at a worker: of tasks that are not over, and of attempts that have not ended.

Each state knows its own number, so a run changes the sum by the changes in the states it touched. The sum is kept
beside the states of a partition and made anew from them when they were restored: it is exact after any crash.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

import orjson

from tasker_consumers.engine.processor import INDEX, PART, Effects, Entries, States
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.metrics.open_counts import Open, recount

_SUM = INDEX + b"open"
_TURN = 100  # tasks between which others have their turn
_A_DAY = 86_400.0


def _of_entry(value: bytes | None) -> Open:
    return Open() if value is None else Open(*orjson.loads(value).get("open", (0, 0)))


def _sum(states: States) -> Open:
    return Open(*map(int, (states.read(_SUM) or b"0 0").split()))


class OpenSpans:
    """The sums of the partitions that a worker holds (`engine.processor.Index`)."""

    version = b"1"
    emit_seconds = _A_DAY  # there is nothing to tell

    def __init__(self) -> None:
        self._held: dict[int, Open] = {}

    @property
    def total(self) -> Open:
        """The sum over all partitions held."""
        sums = self._held.values()
        return Open(sum(count.tasks for count in sums), sum(count.attempts for count in sums))

    def change(self, partition: int, touched: Iterable[TaskState]) -> Effects:
        """Return the change of a run, noted when it is written; a partition that is not held is not counted."""
        previous = self._held.get(partition)
        changes = [recount(state) for state in touched]
        tasks, attempts = sum(change.tasks for change in changes), sum(change.attempts for change in changes)
        if previous is None or not (tasks or attempts):
            return Effects()
        total = Open(previous.tasks + tasks, previous.attempts + attempts)

        def written() -> None:
            self._held[partition] = total

        return Effects(index={_SUM: b"%d %d" % total}, written=written)

    async def rebuild(self, states: States) -> AsyncIterator[Entries]:
        """Add up the counts in the states of a partition."""
        tasks = attempts = 0
        for number, key in enumerate(list(states.heads()), 1):
            count = _of_entry(states.read(key))
            tasks, attempts = tasks + count.tasks, attempts + count.attempts
            if not number % _TURN:
                await asyncio.sleep(0)
        yield {_SUM: b"%d %d" % (tasks, attempts)}

    def follow(self, states: States, items: Entries) -> Entries:
        """Return the sum with entries that come back from the changelog in it."""
        tasks, attempts = _sum(states)
        for key, value in items.items():
            if PART not in key:
                stored, entry = _of_entry(states.read(key)), _of_entry(value)
                tasks, attempts = tasks + entry.tasks - stored.tasks, attempts + entry.attempts - stored.attempts
        return {_SUM: b"%d %d" % (tasks, attempts)}

    def held(self, states: States) -> None:
        """Note a partition that this worker holds now."""
        self._held[states.partition] = _sum(states)

    def released(self, partition: int) -> None:
        """Note that this worker holds a partition no more."""
        del self._held[partition]

    async def emit(self, states: States) -> Effects:  # noqa: ARG002  it is the same for all partitions
        """Tell nothing: whoever asks finds the sum in `/metrics`."""
        return Effects()
