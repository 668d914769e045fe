"""Quix Streams as its documentation has it: two topics concatenated, a stateful function with our fold, one output.

Its unit is the record: a state is read and written for each one, and a statistic goes out for each one.
It makes no windows.

    python -m benchmarks.peers.quix SERVERS GROUP OUTPUT
"""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from quixstreams import Application, State
from quixstreams.models import TopicConfig

from benchmarks.arena import PARTITIONS, SOURCES
from benchmarks.processors import stats_processor
from tasker_consumers.stats.core.derive import derive_stats
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import TASK_STATS


class QuixRecord(NamedTuple):
    """What Quix Streams hands to a function, in the shape that our decoders read."""

    topic: str
    key: bytes
    value: bytes
    timestamp: int
    headers: list[tuple[str, bytes]]
    partition: int = 0
    offset: int = 0


def pipeline(servers: str, group: str, output: str) -> Application:
    """Return the application, ready to run."""
    app = Application(
        broker_address=servers,
        consumer_group=group,
        auto_offset_reset="earliest",
        state_dir=os.environ["TASKER_STATE_DIR"],
        commit_interval=1.0,
        processing_guarantee="at-least-once",
        loglevel="WARNING",
        consumer_extra_config={"session.timeout.ms": 6000},
        producer_extra_config={"linger.ms": 20},
    )
    raw: dict[str, Any] = {"key_deserializer": "bytes", "value_deserializer": "bytes"}
    first, second = (app.dataframe(app.topic(name, **raw)) for name in SOURCES)
    target = app.topic(output, key_serializer="bytes", value_serializer="bytes", config=TopicConfig(PARTITIONS, 1))
    tagged = first.apply(_tagged(SOURCES[0]), metadata=True).concat(second.apply(_tagged(SOURCES[1]), metadata=True))
    tagged.apply(_folding(), stateful=True, metadata=True).to_topic(target)
    return app


def _tagged(topic: str) -> Any:
    def tag(value: bytes, key: bytes, timestamp: int, headers: Any) -> QuixRecord:
        return QuixRecord(topic, key, value, timestamp, headers or [])

    return tag


def _folding() -> Any:
    processor: Any = stats_processor()

    def fold(record: QuixRecord, key: bytes, _timestamp: int, _headers: Any, state: State[bytes, bytes]) -> bytes:
        known = processor.fold(processor.load(key, state.get_bytes), processor.decode(record))
        for entry, value in processor.dump(key, known).items():
            state.delete(entry) if value is None else state.set_bytes(entry, value)
        return encode(TASK_STATS, derive_stats(known))

    return fold


if __name__ == "__main__":
    pipeline(*sys.argv[1:4]).run()
