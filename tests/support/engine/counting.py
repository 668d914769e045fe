"""A small application of the engine: for each key, how many distinct numbers were seen, and their sum.

Events carry an id, and the state remembers the ids, so the fold is idempotent as the engine demands. `main` is
a worker, which runs in a process of its own (see `worker_process`).
"""

import asyncio
import json
import logging
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter

from tasker_consumers.engine.processor import Effects, Read, Record
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.worker import run_worker
from tasker_schemas.errors import PoisonReason, PoisonRecord


class Number(NamedTuple):
    """An event: a number with an id of its own."""

    id: int
    value: int


State = dict[int, int]

#: Where a number can fail: an exception, or bytes that the topic does not take.
STAGES = ("decode", "fold", "effects", "dump", "state", "output")
LARGE_STATE, LARGE_OUTPUT = 17 << 20, 2 << 20

NUMBERS = CollectorRegistry()
REACTIONS = Counter("counting_reactions", "Reactions to a run.", registry=NUMBERS)


@dataclass(frozen=True)
class Counting:
    """Counts and sums by key; `effects_of` takes `slow` seconds, and the number `fatal` fails in a stage."""

    prefix: str
    slow: float = 0.0
    expire: bool = False
    #: What the number `fatal` makes fail: a stage of `STAGES`.
    fails_in: str = "fold"
    fatal: int | None = None

    @property
    def group(self) -> str:
        return f"{self.prefix}-counting"

    @property
    def sources(self) -> tuple[str, ...]:
        return (f"{self.prefix}.a", f"{self.prefix}.b")

    @property
    def outputs(self) -> tuple[str, ...]:
        return (f"{self.prefix}.counts",)

    @property
    def index(self) -> None:
        return None

    @property
    def dead_letters(self) -> str:
        return f"{self.prefix}.dlq"

    @property
    def gather_seconds(self) -> float:
        return 0.0

    @property
    def registry(self) -> CollectorRegistry:
        return NUMBERS

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    def ready(self) -> bool:
        return True

    def decode(self, record: Record) -> Number:
        try:
            number, value = (record.value or b"").split(b":")
            event = Number(int(number), int(value))
        except ValueError as error:
            raise PoisonRecord(PoisonReason.MALFORMED, f"{record.value!r} is not id:value") from error
        self._fail("decode", [event.id])
        return event

    def load(self, key: bytes, read: Read) -> State | None:
        data = read(key)
        return None if data is None else {int(number): value for number, value in json.loads(data).items()}

    def dump(self, key: bytes, state: State) -> Mapping[bytes, bytes | None]:
        self._fail("dump", state)
        padding = "x" * LARGE_STATE if self._is_fatal("state", state) else ""
        return {key: json.dumps(state).encode() + padding.encode()}

    def fold(self, state: State | None, event: Number) -> State:
        state = {} if state is None else state
        state[event.id] = event.value
        self._fail("fold", state)
        return state

    async def effects_of(self, partition: int, touched: dict[bytes, State]) -> Effects:  # noqa: ARG002  all alike
        REACTIONS.inc()
        if self.slow:
            await asyncio.sleep(self.slow)
        self._fail("effects", [number for state in touched.values() for number in state])
        counts = {key: b"%d:%d" % (len(state), sum(state.values())) for key, state in touched.items()}
        large = {key: b"x" * LARGE_OUTPUT for key, state in touched.items() if self._is_fatal("output", state)}
        return Effects(outputs={self.outputs[0]: counts | large})

    def _is_fatal(self, stage: str, numbers: Collection[int]) -> bool:
        is_always = self.fails_in == "always" and stage == "fold"
        return is_always or (self.fails_in == stage and self.fatal in numbers)

    def _fail(self, stage: str, numbers: Collection[int]) -> None:
        if self._is_fatal(stage, numbers):
            raise ArithmeticError(f"{self.fatal} is too much in {stage}")

    def is_due(self, state: State, now: int) -> bool:
        self._fail("is_due", state)
        if not self.expire or -1 in state:
            return False
        state[-1] = now
        return True


def main(arguments: dict[str, Any]) -> int:
    """Run one worker with the given `processor` and `settings`."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = {**arguments["settings"], "state_dir": Path(arguments["settings"]["state_dir"])}
    return run_worker(Counting(**arguments["processor"]), EngineSettings(**settings))
