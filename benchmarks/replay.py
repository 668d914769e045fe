"""One task among many events, and a full scan by a header, beside kcat with grep: python -m benchmarks.replay.

Both read the same topic of the same Kafka, one after the other, in several rounds; the median of each is shown. kcat
has to read everything and leaves the search to grep; tasker reads the partition of the task's key.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from uuid import uuid4

from confluent_kafka import Producer

from tasker_consumers.embedded import find_kafka
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.selection.selection import Selection
from tasker_schemas.avro.codec import encode
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic

EVENTS_A_TASK = 20
PARTITIONS = 6
SERVICES = 10
START = 1_700_000_000_000_000  # microseconds


def fill(kafka: dict[str, str], topic: str, events: int) -> None:
    """Publish steps of many tasks, as services do: keys, headers, values of a usual size."""
    producer = Producer(
        {**kafka, "partitioner": "murmur2_random", "linger.ms": 50, "compression.type": "lz4",
         "queue.buffering.max.messages": 1_000_000},
    )  # fmt: skip
    for number in range(events):
        task = f"order-{number // EVENTS_A_TASK}"
        value = encode(
            "StepEvent",
            {
                "event_id": f"{number:032x}", "event_name": "step.completed", "timestamp": START + number,
                "task_id": task, "step_id": f"step-{number % EVENTS_A_TASK}", "step_name": "charge_card",
                "service": f"service-{number % SERVICES}", "attributes": {"region": "eu", "amount": number},
            },
        )  # fmt: skip
        headers = [("ce_type", b"step.completed"), ("ce_source", f"service-{number % SERVICES}".encode())]
        while True:
            try:
                producer.produce(topic, value, task.encode(), headers=headers)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush(120)


def ours(kafka: dict[str, str], prefix: str, selection: Selection) -> int:
    """Return how many records a selection finds."""
    return sum(1 for _ in SelectedRecords(kafka, selection, prefix))


def kcat(kafka: dict[str, str], topic: str, text: str, pattern: str) -> int:
    """Return how many lines of kcat grep finds; kcat prints each record in the form `text`."""
    reader = subprocess.Popen(
        ["kcat", "-b", kafka["bootstrap.servers"], "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", text],
        stdout=subprocess.PIPE,
    )
    ended = subprocess.run(["grep", "-c", pattern], stdin=reader.stdout, capture_output=True, text=True, check=False)
    reader.wait()
    return int(ended.stdout)


def timed(call: Callable[[], int], expected: int) -> float:
    """Return the seconds of a call that must find so many records."""
    begun = time.perf_counter()
    count = call()
    seconds = time.perf_counter() - begun
    if count != expected:
        raise SystemExit(f"found {count} records, expected {expected}")
    return seconds


def measure(kafka: dict[str, str], prefix: str, events: int, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Yield for each question the median seconds of tasker and of kcat."""
    topic = event_topic(Family.STEP, prefix)
    task = f"order-{events // EVENTS_A_TASK // 2}"
    steps = frozenset({Family.STEP})
    by_task = Selection(task_id=task, families=steps)
    by_header = Selection(headers=(("ce_source", "service-3"),), families=steps)
    questions = (
        ("one task", by_task, "%k\n", f"^{task}$", EVENTS_A_TASK),
        ("full scan by a header", by_header, "%h\n", "ce_source=service-3", events // SERVICES),
    )
    for name, selection, text, pattern, expected in questions:
        pairs = [
            (
                timed(lambda selection=selection: ours(kafka, prefix, selection), expected),  # type: ignore[misc]
                timed(lambda text=text, pattern=pattern: kcat(kafka, topic, text, pattern), expected),  # type: ignore[misc]
            )
            for _ in range(rounds)
        ]
        yield name, median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def main() -> None:
    """Fill a topic, ask both, and print the seconds, the rates and kcat's time divided by ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("kcat") is None:
        sys.exit("kcat is not installed: apt-get install kcat")
    with find_kafka(os.environ) as source:
        kafka, prefix = {"bootstrap.servers": source.bootstrap_servers}, f"bench{uuid4().hex[:8]}"
        create_topics(kafka, prefix, partitions=PARTITIONS)
        fill(kafka, event_topic(Family.STEP, prefix), arguments.events)
        for name, tasker_s, kcat_s in measure(kafka, prefix, arguments.events, arguments.rounds):
            print(
                json.dumps(
                    {
                        "question": name,
                        "events": arguments.events,
                        "tasker_s": round(tasker_s, 3),
                        "kcat_s": round(kcat_s, 3),
                        "ratio": round(kcat_s / tasker_s, 2),
                    }
                )
            )


if __name__ == "__main__":
    main()
