"""What an outage costs: a service publishes on while its broker is away, and every event is looked for afterwards.

`python -m benchmarks.outage [--seconds 120] [--rate 2000] [--json]`: on an embedded Kafka, killed for that long.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import EmbeddedKafka
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder

TOPIC = "tasker.events.custom"
PARTITIONS = 6
KEYS = 200


def publish_for(publisher: EventPublisher, first: int, seconds: float, rate: int) -> int:
    """Publish numbered events at a steady rate; return the number after the last one."""
    begin, number = time.monotonic(), first
    while (passed := time.monotonic() - begin) < seconds:
        while number - first < passed * rate:
            publisher.publish_event("order.seen", {"number": number}, key=f"key-{number % KEYS}")
            number += 1
        time.sleep(0.005)
    return number


def events_on_topic(servers: str) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield key and attributes of every event on the topic, in its order per key."""
    decode = Decoder().decode
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "enable.partition.eof": True})
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(5000, 1.0):
            if message.error():
                ended += 1
            else:
                yield message.key() or b"", decode("CustomEvent", message.value())["attributes"]
    consumer.close()


def read_back(bootstrap: str) -> dict[bytes, list[int]]:
    """Return the numbers of each key, in the order of the topic."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for key, attributes in events_on_topic(bootstrap):
        found[key].append(attributes["number"])
    return found


def run(seconds: float, rate: int) -> dict[str, float]:
    """Publish for ten seconds, then through the outage, then for ten seconds more; count what arrived."""
    with tempfile.TemporaryDirectory() as spool, EmbeddedKafka() as kafka:
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        for created in admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)]).values():
            created.result()
        settings = ProducerSettings(kafka={"bootstrap.servers": kafka.bootstrap_servers}, spool_dir=Path(spool))
        publisher = EventPublisher(settings)
        number = publish_for(publisher, 0, 10, rate)
        kafka.kill()
        number = publish_for(publisher, number, seconds, rate)
        waiting = publisher.stats()["spooled"] + publisher.stats()["queued"]
        kafka.start()
        number = publish_for(publisher, number, 10, rate)
        left = publisher.close(300)
        found = read_back(kafka.bootstrap_servers)
    arrived = sum(len(set(numbers)) for numbers in found.values())
    # A number that comes twice counts where it came first.
    firsts = [list(dict.fromkeys(numbers)) for numbers in found.values()]
    return {
        "published": number,
        "waiting_when_the_broker_came_back": waiting,
        "left": left,
        "lost": number - arrived,
        "duplicates": sum(map(len, found.values())) - arrived,
        "keys_out_of_order": sum(numbers != sorted(numbers) for numbers in firsts),
    }


def main() -> None:
    """Run once, and print the counts."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=120.0)
    arguments.add_argument("--rate", type=int, default=2000)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    counts = run(options.seconds, options.rate)
    print(json.dumps(counts) if options.json else "\n".join(f"{name:34} {value:>9}" for name, value in counts.items()))


if __name__ == "__main__":
    main()
