"""A single Apache Kafka node, both broker and controller, as a child process."""

from collections.abc import Sequence
from pathlib import Path

from tasker_consumers.embedded.java.artifacts import class_path, java, program_dir
from tasker_consumers.embedded.java.programs import KAFKA
from tasker_consumers.embedded.readiness import kafka_answers
from tasker_consumers.embedded.security import PROTOCOL, Security
from tasker_consumers.embedded.server import HOST, SMALL_JVM, EmbeddedServer
from tasker_consumers.embedded.settings import as_properties, node_settings
from tasker_consumers.embedded.storage import format_storage

_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


class EmbeddedKafka(EmbeddedServer):
    """A real Kafka for as long as a `with` block lasts; its records are in `data_dir`.

    With `security` it takes only TLS connections of known users, and ACLs limit their rights; without, everybody's.
    """

    name = "Kafka"
    port_count = 2  # the clients', the controller's

    def __init__(
        self, *, data_dir: Path | None = None, port: int | None = None, security: Security | None = None
    ) -> None:
        super().__init__(data_dir=data_dir, port=port)
        self._security = security

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`: known from the first start on, and the same after each restart."""
        return f"{HOST}:{self.port}"

    def _command(self, ports: Sequence[int]) -> list[str]:
        port, controller_port = ports
        command = [str(java()), *SMALL_JVM, *_LOGGING, "-cp", class_path(KAFKA)]
        records = self.data_dir / "records"
        format_storage(records, command, template=program_dir(KAFKA).with_name(f"{KAFKA.key}.formatted"))
        properties = self.data_dir / "server.properties"
        properties.touch(mode=0o600)  # a secured node's passwords are in it
        properties.write_text(as_properties({**self._settings(port, controller_port), "log.dirs": str(records)}))
        return [*command, "kafka.Kafka", str(properties)]

    def _settings(self, port: int, controller_port: int) -> dict[str, str]:
        secured = self._security
        protocol = "PLAINTEXT" if secured is None else PROTOCOL
        settings = node_settings(
            bind=HOST, reached_at=HOST, port=port, controller_port=controller_port, protocol=protocol
        )
        return settings if secured is None else {**settings, **secured.node_settings()}

    def _answers(self, port: int) -> bool:
        return kafka_answers(HOST, port) if self._security is None else self._security.lets_in(HOST, port)
