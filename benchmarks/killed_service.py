"""What a SIGKILL in the middle of an outage costs: whatever was older than five seconds must arrive, in order per key.

`python -m benchmarks.killed_service [--seconds 120] [--rates 10,2000,20000] [--json]`: on an embedded Kafka, killed for
that long. The service is killed in the middle, and another one goes on in its place.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.outage import PARTITIONS, TOPIC, events_on_topic
from tasker_consumers.embedded import EmbeddedKafka
from tasker_producer import EventPublisher

KEYS = 200
SAFE_AFTER_S = 5.0
LIMIT_S = 600.0


class Arrived(NamedTuple):
    """An event on the topic: its number in its process, and when it was published (seconds since the epoch)."""

    process: str
    number: int
    published_at: float


def serve(process: str, rate: int) -> None:
    """Publish numbered events at a steady rate until SIGTERM; then wait until all of them, and those left, are sent."""
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stops.append(number))
    publisher = EventPublisher()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begin, number = time.monotonic(), 0
    while not stops:
        while number < (time.monotonic() - begin) * rate and not stops:
            attributes = {"process": process, "number": number, "at": time.time()}
            publisher.publish_event("order.seen", attributes, key=f"key-{number % KEYS}")
            number += 1
        time.sleep(0.005)
    sys.stdout.write(f"{publisher.flush(LIMIT_S)} {number}\n")
    publisher.close()


def start_service(process: str, rate: int, servers: str, spool: Path) -> "subprocess.Popen[str]":
    """Start a process that serves, and wait until it does."""
    environ = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": servers, "TASKER_SPOOL_DIR": str(spool)}
    environ |= {"TASKER_SPOOL_MAX_BYTES": str(4 << 30), "TASKER_FLUSH_ON_SIGTERM": "false"}
    command = [sys.executable, "-m", "benchmarks.killed_service", "--serve", process, "--rates", str(rate)]
    service = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    service.stdout.readline()
    return service


def read_back(servers: str) -> dict[bytes, list[Arrived]]:
    """Return what arrived for each key, in the order of the topic, each event where it came first."""
    found: dict[bytes, dict[tuple[str, int], Arrived]] = defaultdict(dict)
    for key, event in events_on_topic(servers):
        arrived = Arrived(event["process"], event["number"], event["at"])
        found[key].setdefault(arrived[:2], arrived)
    return {key: list(events.values()) for key, events in found.items()}


def run(seconds: float, rate: int, calm_s: float = 5.0) -> dict[str, float]:
    """Publish for `calm_s` seconds, through an outage with the kill in its middle, and until all has left; count."""
    with tempfile.TemporaryDirectory() as spool, EmbeddedKafka() as kafka:
        servers = kafka.bootstrap_servers
        admin = AdminClient({"bootstrap.servers": servers})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
        first = start_service("first", rate, servers, Path(spool))
        time.sleep(calm_s)
        outage_begin = time.time()
        kafka.kill()
        time.sleep(seconds / 2)
        first.kill()
        killed_at = time.time()
        first.communicate()
        second = start_service("second", rate, servers, Path(spool))
        second_begin = time.time()
        time.sleep(seconds / 2)
        outage_end = time.time()
        kafka.start()
        time.sleep(calm_s)
        second.terminate()
        terminated_at = time.time()
        output, _ = second.communicate(timeout=LIMIT_S)
        drained_after_s = round(time.time() - terminated_at, 1)
        left, published = map(int, output.split())
        found = read_back(servers)
    rates = {
        "events_per_s_before_the_kill": _rate(found, "first", outage_begin, killed_at - SAFE_AFTER_S),
        "events_per_s_after_the_kill": _rate(found, "second", second_begin, outage_end),
    }
    waited = {"left": left, "drained_s_after_the_last_event": drained_after_s}
    return {"asked_events_per_s": rate} | rates | _judged(found, killed_at, published) | waited


def _rate(found: dict[bytes, list[Arrived]], process: str, begin: float, end: float) -> int:
    """Return how many of a process's events that arrived were published per second between two moments."""
    moments = (event.published_at for arrived in found.values() for event in arrived if event.process == process)
    return round(sum(begin <= moment < end for moment in moments) / (end - begin)) if end > begin else 0


def _judged(found: dict[bytes, list[Arrived]], killed_at: float, published: int) -> dict[str, float]:
    events = [event for arrived in found.values() for event in arrived]
    first = {event.number: event.published_at for event in events if event.process == "first"}
    second = sum(event.process == "second" for event in events)
    # Events are numbered in the order of their times, so all numbers up to the last safe one must be there.
    safe = max((number for number, moment in first.items() if moment < killed_at - SAFE_AFTER_S), default=-1) + 1
    by_process = [
        [event.number for event in arrived if event.process == process]
        for arrived in found.values()
        for process in ("first", "second")
    ]
    return {
        "published_before_the_kill_and_safe": safe,
        "lost_of_these": sum(number not in first for number in range(safe)),
        "seconds_lost_before_the_kill": round(killed_at - max(first.values(), default=killed_at), 2),
        "published_after": published,
        "lost_of_those": published - second,
        "keys_out_of_order": sum(numbers != sorted(numbers) for numbers in by_process),
    }


def main() -> None:
    """Run once for each rate, and print the counts."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=120.0)
    arguments.add_argument("--rates", default="10,2000,20000")
    arguments.add_argument("--serve", help=argparse.SUPPRESS)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    rates = [int(rate) for rate in options.rates.split(",")]
    if options.serve:
        serve(options.serve, rates[0])
        return
    for rate in rates:
        counts = run(options.seconds, rate)
        print(
            json.dumps(counts) if options.json else "\n".join(f"{name:36} {value:>9}" for name, value in counts.items())
        )


if __name__ == "__main__":
    main()
