"""Kafka Streams in Java, one stream thread, warm: an aggregation over both topics, at least once, states in RocksDB.

Its unit is the record, but its cache lets one record per touched task through at each commit, once a second. What comes
through becomes a record of the output, and every two seconds changes the windows, in two more stores, which are told
then. It has a fold of its own, which is ours in Java for the events that the benchmark sends: the outputs are equal,
the windows too. It closes and forgets nothing, and a crash while it writes the windows can leave them wrong: its stores
are not written in one step.

Warm means: the same program in the same Java machine first works through `WARM_UP` records (or all there are) under
another group and into another topic, is closed, and then starts again from nothing; only that second life is timed.

    python -m benchmarks.peers.kstreams SERVERS GROUP STATS WINDOWS
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.arena import SOURCES
from tasker_consumers.embedded.java.artifacts import class_path, files_of, java
from tasker_consumers.embedded.java.programs import JavaProgram
from tasker_schemas.avro.versions import latest

WARM_UP = 300_000
KAFKA_STREAMS = JavaProgram(
    name="Kafka Streams 4.1.1",
    coordinates=(
        "org.apache.kafka:kafka-streams:4.1.1",
        "org.apache.avro:avro:1.12.0",
        "org.eclipse.jdt:ecj:3.42.0",
        "org.slf4j:slf4j-simple:2.0.17",
    ),
    instead="It is needed for this benchmark only.",
)
_SOURCE = Path(__file__).parent / "kstreams_java"
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"


def compiled(folder: Path) -> Path:
    """Compile the peer into a folder: the Java runtime has no compiler, so Eclipse's does it."""
    compiler = next(file for file in files_of(KAFKA_STREAMS) if file.name.startswith("ecj-"))
    command = [java(), "-cp", compiler, _COMPILER, "-21", "-nowarn", "-cp", class_path(KAFKA_STREAMS)]
    subprocess.run([*map(str, command), "-d", str(folder), str(_SOURCE)], check=True)
    return folder


def command(folder: Path, servers: str, group: str, stats: str, windows: str) -> list[str]:
    """Return the command that is the peer, its classes and the schemas in a folder."""
    path = os.pathsep.join([str(compiled(folder / "classes")), class_path(KAFKA_STREAMS)])
    options = ["--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    schemas = []
    for record in ("TaskEvent", "StepEvent", "TaskStats", "StatsWindow"):
        schemas.append(str(folder / f"{record}.avsc"))
        Path(schemas[-1]).write_text(json.dumps(latest(record).declared), encoding="utf-8")
    arguments = [servers, group, stats, windows, *SOURCES, str(WARM_UP), *schemas]
    return [str(java()), *options, "-cp", path, "StatsPeer", *arguments]


if __name__ == "__main__":
    machine = command(Path(os.environ["TASKER_STATE_DIR"]), *sys.argv[1:5])
    os.execv(machine[0], machine)
