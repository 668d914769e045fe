"""A Kafka consumer in Java, with Apicurio's Avro deserializer: a reader that shares no code with our writer.

The Java runtime has no compiler, so Eclipse's comes along with the reader's libraries.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded.java.artifacts import class_path, files_of, java
from tasker_consumers.embedded.java.programs import JavaProgram
from tasker_consumers.embedded.registry import CONFLUENT_API

READER = JavaProgram(
    name="The Java reader",
    coordinates=(
        "io.apicurio:apicurio-registry-avro-serde-kafka:3.1.7",
        "org.apache.kafka:kafka-clients:4.1.1",
        "org.eclipse.jdt:ecj:3.42.0",
        "org.slf4j:slf4j-simple:2.0.17",
    ),
    instead="It is needed for this test only.",
)
BYTES = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
AVRO = "io.apicurio.registry.serde.avro.AvroKafkaDeserializer"

_SOURCE = Path(__file__).parent / "jvm" / "PrintRecords.java"
_COMPILER = "org.eclipse.jdt.internal.compiler.batch.Main"
_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class JvmReader:
    """The compiled reader."""

    classes: Path

    def read(self, servers: str, topic: str, settings: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the records of a topic, as the Java program tells them."""
        consumer = {"bootstrap.servers": servers, "key.deserializer": BYTES, **settings}
        path = os.pathsep.join([str(self.classes), class_path(READER)])
        program = [str(java()), "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", path]
        arguments = [topic, *(f"{name}={value}" for name, value in consumer.items())]
        return [json.loads(line) for line in _output_of([*program, "PrintRecords", *arguments]).splitlines()]


def confluent_framing(registry_url: str) -> dict[str, str]:
    """Return the settings that make Apicurio's deserializer read Confluent's framing."""
    return {
        "value.deserializer": AVRO,
        "apicurio.registry.url": registry_url.removesuffix(CONFLUENT_API) + "/apis/registry/v3",
        "apicurio.registry.id-handler": "io.apicurio.registry.serde.Default4ByteIdHandler",
        "apicurio.registry.use-id": "contentId",
    }


@pytest.fixture(scope="session")
def jvm_reader(tmp_path_factory: pytest.TempPathFactory) -> JvmReader:
    """The reader, compiled once for the session."""
    classes = tmp_path_factory.mktemp("jvm")
    compiler = next(file for file in files_of(READER) if file.name.startswith("ecj-"))
    command = [str(java()), "-cp", str(compiler), _COMPILER, "-21", "-cp", class_path(READER)]
    _output_of([*command, "-d", str(classes), str(_SOURCE)])
    return JvmReader(classes)


def _output_of(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=_LIMIT_S)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
