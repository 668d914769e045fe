"""The hand-written loop: confluent-kafka, our fold, states in RocksDB, a changelog and the output.

It does all the work of a worker once the worker runs: each touched state is loaded, folded, dumped, written to disk and
to the changelog, and its statistics to the output, acknowledged before the offsets are committed. It leaves out what
makes a worker one: recovery, rebalances, dead letters, health, orderly stops, and the windows.

    python -m benchmarks.peers.plain SERVERS GROUP OUTPUT
"""

from __future__ import annotations

import os
import sys
from typing import Any

from confluent_kafka import Consumer, Message, Producer
from rocksdict import Options, Rdict, WriteBatch

from benchmarks.arena import SOURCES
from benchmarks.peers.confluent_record import ConfluentRecord
from benchmarks.processors import stats_processor
from tasker_consumers.stats.core.derive import derive_stats
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import TASK_STATS

RUN_SIZE = 4000


class PlainLoop:
    """Consume, fold, write, commit, for ever."""

    def __init__(self, servers: str, group: str, output: str) -> None:
        self._processor: Any = stats_processor()
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": 6000,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": servers,
                "linger.ms": 5,
                "acks": "all",
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._changelog, self._output = f"{group}-changelog", output
        self._states: Any = Rdict(os.environ["TASKER_STATE_DIR"] + "/states", Options(raw_mode=True))

    def run(self) -> None:
        """Work until the process is ended from outside."""
        self._consumer.subscribe(list(SOURCES))
        while True:
            if messages := self._consumer.consume(RUN_SIZE, 0.1):
                self._take(messages)

    def _take(self, messages: list[Message]) -> None:
        decode, load, fold, read = self._processor.decode, self._processor.load, self._processor.fold, self._states.get
        touched: dict[bytes, Any] = {}
        partition_of: dict[bytes, int] = {}
        for message in messages:
            record = ConfluentRecord(message)
            key: Any = record.key
            event = decode(record)
            state = touched.get(key)
            if state is None:
                state = load(key, read)
                partition_of[key] = record.partition
            touched[key] = fold(state, event)
        outputs = {key: encode(TASK_STATS, derive_stats(state)) for key, state in touched.items()}
        self._write(touched, outputs, partition_of)
        self._consumer.commit(asynchronous=True)

    def _write(self, touched: dict[bytes, Any], outputs: dict[bytes, bytes], partition_of: dict[bytes, int]) -> None:
        batch, produce = WriteBatch(raw_mode=True), self._producer.produce
        for key, state in touched.items():
            for entry, value in self._processor.dump(key, state).items():
                produce(self._changelog, value, entry, partition_of[key])
                batch.delete(entry) if value is None else batch.put(entry, value)
        for key, value in outputs.items():
            produce(self._output, value, key, partition_of[key])
        self._states.write(batch)
        self._producer.flush()


if __name__ == "__main__":
    PlainLoop(*sys.argv[1:4]).run()
