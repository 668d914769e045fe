"""The Java programs that we start: their files in Maven Central, and a user's way around a failed download."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaProgram:
    """A program, by its Maven coordinates (`group:artifact:version[:classifier:packaging]`)."""

    name: str
    coordinates: tuple[str, ...]
    instead: str  # a sentence
    alone: bool = False  # whether its own files are all it needs; else all that they depend on come too

    @property
    def key(self) -> str:
        """A directory name that no other program, and no other version of it, has.

        >>> JavaProgram(name="Apache Kafka 4.1.1", coordinates=("a:b:4.1.1",), instead="").key
        'apache-kafka-4.1.1-32854200'
        """
        digest = hashlib.sha256(" ".join(self.coordinates).encode()).hexdigest()
        return f"{self.name.lower().replace(' ', '-')}-{digest[:8]}"


_OR_DOCKER = "or start a Docker daemon."

KAFKA = JavaProgram(
    name="Apache Kafka 4.1.1",
    # Kafka brings the logging interface, but nothing that writes; without it a failed start says nothing.
    coordinates=("org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36"),
    instead=f"Set KAFKA_BOOTSTRAP_SERVERS to use a Kafka of your own, {_OR_DOCKER}",
)
REGISTRY = JavaProgram(
    name="Apicurio Registry 3.3.3",
    coordinates=("io.apicurio:apicurio-registry-app:3.3.3:all:tar.gz:",),  # 159 MB
    instead=f"Set SCHEMA_REGISTRY_URL to use a registry of your own, {_OR_DOCKER}",
    alone=True,
)
ZIPKIN = JavaProgram(
    name="Zipkin 3.6.1",
    coordinates=("io.zipkin:zipkin-server:3.6.1:exec:jar:",),  # 135 MB
    instead=f"Set OTEL_EXPORTER_ZIPKIN_ENDPOINT to use a Zipkin of your own, {_OR_DOCKER}",
    alone=True,
)
