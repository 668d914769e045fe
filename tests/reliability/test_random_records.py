"""Both groups, fed with whatever the schemas allow and with damaged batches, live on and account for every record.

`TEST_SCALE=50` makes 100,000 random records and 10,000 damaged batches of the 2,000 and 200.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, all_schemas, prepared
from tasker_schemas.catalogue import CATALOGUE
from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic
from tests.support.native.fuzz import damaged
from tests.support.processes import eventually, reached
from tests.support.scale import SCALE
from tests.support.schemas.random_records import encoded, foreign, random_value, registry_frame
from tests.support.stats.arena import PARTITIONS, StatsArena
from tests.support.stats.histories import order_processing
from tests.support.worker_process import WorkerProcess

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(240 + 60 * SCALE)]
RECORDS, BATCHES, TASKS = 2_000 * SCALE, 200 * SCALE, 200
FAMILIES: dict[str, list[Family]] = {
    "stats": [family for family in Family if family is not Family.CUSTOM],
    "telemetry": list(Family),
}


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def schemas_of_others(random: Random) -> dict[int, dict[str, Any]]:
    """Return schemas by the id that a registry has them under, several for each record of an event."""
    ours = [schema for schema in all_schemas() if schema.record in RECORD_OF_FAMILY.values()]
    return {number: foreign(random.choice(ours).declared, random) for number in range(1, 31)}


@contextmanager
def both_groups(arena: StatsArena, schemas: dict[int, dict[str, Any]]) -> Iterator[dict[str, WorkerProcess]]:
    """Start a worker of each group; a file stands for the registry."""
    file = arena.directory / "schemas.json"
    file.write_text(json.dumps(schemas))
    # Nearly every task of these records fails in its own way, and none of them is a fault of the program.
    settings: dict[str, Any] = {
        "kafka": arena.kafka,
        "state_dir": str(arena.directory / "spans"),
        "session_timeout": 6.0,
    }
    telemetry = {
        "prefix": arena.prefix,
        "environ": {"TASKER_TELEMETRY_FILE": str(arena.directory / "spans.jsonl")},
        "lifetime": {},
        "settings": settings,
        "schemas": str(file),
    }
    with (
        arena.worker("stats", schemas=str(file)) as stats,
        WorkerProcess("tests.support.telemetry.worker", telemetry, arena.directory / "telemetry.log") as spans,
    ):
        yield {"stats": stats, "telemetry": spans}


def send_random(arena: StatsArena, schemas: dict[int, dict[str, Any]], random: Random) -> dict[Family, int]:
    """Send records of all versions and of schemas of others; return how many there are by family."""
    ours = [schema for schema in all_schemas() if schema.record in RECORD_OF_FAMILY.values()]
    writers = [(s.record, s.plain, b"\xc3\x01" + s.fingerprint) for s in ours]
    writers += [(s["name"], prepared(s), registry_frame(number)) for number, s in schemas.items()]
    families = {record: family for family, record in RECORD_OF_FAMILY.items()}
    names = {family: [spec.name for spec in CATALOGUE.values() if spec.family == family] for family in Family}
    sent = dict.fromkeys(Family, 0)
    with arena.sender() as sender:
        for number in range(RECORDS):
            record, writer, frame = random.choice(writers)
            family = families[record]
            value = random_value(writer, random)
            key = f"task-{random.randrange(TASKS)}"
            if random.random() < 0.9:
                value |= {"task_id": key, "event_id": str(number), "timestamp": 1_700_000_000_000_000 + number}
                value["event_name"] = random.choice(names[family] or ["custom.event"])
            sender.send(event_topic(family, arena.prefix), key.encode(), encoded(writer, value, frame))
            sent[family] += 1
    return sent


def accounted(worker: WorkerProcess) -> int:
    """Return how many records a worker has folded or put aside, by its own counters."""
    lines = worker.get("/metrics")[1].splitlines()
    counters = ("tasker_engine_records_total", "tasker_engine_poison_records_total")
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(counters)))


def wait_accounted(worker: WorkerProcess, total: int) -> None:
    """Wait until a worker has accounted for so many records, and for none twice."""
    reached(lambda: accounted(worker), total)
    assert accounted(worker) == total


def test_random_records_are_counted_or_put_aside_and_no_group_ends(arena: StatsArena) -> None:
    random = Random(12)
    schemas = schemas_of_others(random)
    with both_groups(arena, schemas) as workers:
        sent = send_random(arena, schemas, random)
        for group, worker in workers.items():
            wait_accounted(worker, sum(sent[family] for family in FAMILIES[group]))
        events = [{**event, "task_id": "honest"} for event in order_processing()]
        arena.produce(events)
        expected = recompute(events)
        assert eventually(lambda: expected.items() <= arena.stats().items())
        letters = {group: len(arena.read(dead_letter_topic(group, arena.prefix))) for group in workers}
        assert all(0 < count < RECORDS for count in letters.values()), letters
        assert {group: worker.terminate() for group, worker in workers.items()} == {"stats": 0, "telemetry": 0}


async def send_damaged(arena: StatsArena, random: Random) -> Counter[int]:
    """Send batches of which the broker cannot see the damage; return how many answers had which error code."""
    client = AIOKafkaProducer(bootstrap_servers=arena.kafka["bootstrap.servers"])
    topic = event_topic(Family.STEP, arena.prefix)
    answers = Counter[int]()
    assert arena.read(topic) == [], "each partition has a leader, which answers"
    await client.start()
    try:
        await client.partitions_for(topic)
        for number in range(BATCHES):
            partition = number % PARTITIONS
            builder = DefaultRecordBatchBuilder(2, random.choice([0, 0, 0, 1, 3, 4]), 0, -1, -1, -1, 1 << 20)
            for offset in range(random.randint(1, 3)):
                builder.append(offset, 1_700_000_000_000, b"task-%d" % number, random.randbytes(40), [("h", b"v")])
            data = bytearray(builder.build())
            data[61:] = damaged(bytes(data[61:]), random)
            data[8:12] = (len(data) - 12).to_bytes(4, "big")
            data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
            leader = client.client.cluster.leader_for_partition(TopicPartition(topic, partition))
            request = ProduceRequest(None, 1, 10_000, [(topic, [(partition, bytes(data))])])
            response = await client.client.send(leader, request)
            answers[response.topics[0][1][0][1]] += 1
    finally:
        await client.stop()
    return answers


async def test_damaged_batches_end_no_group_and_hide_nothing_behind_them(arena: StatsArena) -> None:
    random = Random(13)
    with both_groups(arena, {}) as workers:
        answers = await send_damaged(arena, random)
        print(f"Answers of the broker to {BATCHES} damaged batches: {answers}")  # noqa: T201  shown by `pytest -rP`
        assert answers[0] > 0, answers
        events = [{**event, "task_id": f"honest-{n}"} for n in range(4 * PARTITIONS) for event in order_processing()]
        arena.produce(events)
        expected = recompute(events)
        right = expected.items()
        assert reached(lambda: sum(told in right for told in arena.stats().items()), len(right))
        spans = arena.directory / "spans.jsonl"
        assert reached(lambda: sum(f'"{task_id}"' in spans.read_text() for task_id in expected), len(expected))
        assert {group: worker.terminate() for group, worker in workers.items()} == {"stats": 0, "telemetry": 0}
