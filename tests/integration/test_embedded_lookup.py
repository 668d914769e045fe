"""Which server is found: the configured one, one in Docker, or an embedded one."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tasker_consumers.embedded import ServerKind, WebSource, find_kafka, find_registry, find_zipkin
from tasker_consumers.embedded.docker import (
    KAFKA_IMAGE,
    REGISTRY_IMAGE,
    ZIPKIN_IMAGE,
    Image,
    container_environment,
    in_docker,
    why_no_docker,
)
from tasker_consumers.embedded.java.artifacts import class_path, java
from tasker_consumers.embedded.java.programs import KAFKA
from tasker_consumers.embedded.settings import as_properties, node_settings
from tasker_schemas.errors import BackendUnavailable


class _DaemonWithoutImages(BaseHTTPRequestHandler):
    """A Docker daemon that answers, but has no image and cannot pull one: a machine behind a firewall."""

    def do_GET(self) -> None:
        if self.path.endswith(("/version", "/_ping", "/info")):
            self._answer(200, {"ApiVersion": "1.44", "MinAPIVersion": "1.24"})
        else:
            self._answer(404, {"message": "no such image"})

    def do_POST(self) -> None:
        self._answer(500, {"message": "the registry is out of reach"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, document: dict[str, str]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def daemon_without_images(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _DaemonWithoutImages) as daemon:
        address = f"tcp://127.0.0.1:{daemon.server_address[1]}"
        monkeypatch.setenv("DOCKER_HOST", address)
        Thread(target=daemon.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield address
        daemon.shutdown()


def test_a_configured_kafka_is_taken_whatever_else_there_is(daemon_without_images: str) -> None:
    environ = {"KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092", "DOCKER_HOST": daemon_without_images}
    with find_kafka(environ) as found:
        assert found.bootstrap_servers == "kafka.example:9092"
        assert found.how is ServerKind.CONFIGURED
        assert found.why == "KAFKA_BOOTSTRAP_SERVERS names it."


def test_a_daemon_that_answers_is_no_reason_against_docker(daemon_without_images: str) -> None:
    assert why_no_docker({"DOCKER_HOST": daemon_without_images}) is None


@pytest.mark.parametrize("address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9", "nonsense"])
def test_a_daemon_that_does_not_answer_is_a_reason_against_docker(address: str) -> None:
    assert why_no_docker({"DOCKER_HOST": address}) == "no Docker daemon answers"


def test_without_docker_and_configuration_a_kafka_is_embedded() -> None:
    with find_kafka({"DOCKER_HOST": "unix:///nowhere/docker.sock", "KAFKA_BOOTSTRAP_SERVERS": " "}) as found:
        assert found.how is ServerKind.EMBEDDED
        assert found.why == "KAFKA_BOOTSTRAP_SERVERS is not set, and no Docker daemon answers."


@pytest.mark.parametrize(
    ("setting", "find"), [("SCHEMA_REGISTRY_URL", find_registry), ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", find_zipkin)]
)
def test_a_configured_web_server_is_taken_whatever_else_there_is(
    setting: str, find: Callable[[dict[str, str]], AbstractContextManager[WebSource]], daemon_without_images: str
) -> None:
    with find({setting: "http://server.example:8080", "DOCKER_HOST": daemon_without_images}) as found:
        assert found == WebSource(
            url="http://server.example:8080", how=ServerKind.CONFIGURED, why=f"{setting} names it."
        )


def test_a_zipkin_configured_for_its_spans_is_found_by_its_page() -> None:
    with find_zipkin({"OTEL_EXPORTER_ZIPKIN_ENDPOINT": "http://zipkin.example:9411/api/v2/spans"}) as found:
        assert found.url == "http://zipkin.example:9411"


@pytest.mark.parametrize("image", [KAFKA_IMAGE, REGISTRY_IMAGE, ZIPKIN_IMAGE], ids=lambda image: image.name)
def test_a_container_that_cannot_be_had_is_named_with_the_reason(
    image: Image, daemon_without_images: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", daemon_without_images)
    with pytest.raises(BackendUnavailable, match=f"{image.name} did not start in Docker .*out of reach"):
        in_docker(image).__enter__()


def test_a_docker_that_cannot_start_kafka_is_given_up_with_the_reason(daemon_without_images: str) -> None:
    with find_kafka({"DOCKER_HOST": daemon_without_images}) as found:
        assert found.how is ServerKind.EMBEDDED
        assert "apache/kafka:4.1.1 did not start in Docker" in found.why
        assert "the registry is out of reach" in found.why


def test_the_images_own_start_script_makes_our_settings_of_our_variables(tmp_path: Path) -> None:
    for name in ("defaults", "mounted", "final"):
        (tmp_path / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (tmp_path / "defaults" / name).write_text("")
    environment = container_environment("localhost", 29092) | {"KAFKA_LOG_DIRS": str(tmp_path / "records")}
    script = [str(java()), "-cp", class_path(KAFKA), "kafka.docker.KafkaDockerWrapper"]
    places = [
        f"--{kind}-configs-dir={tmp_path / where}"
        for kind, where in (("default", "defaults"), ("mounted", "mounted"), ("final", "final"))
    ]
    subprocess.run([*script, "setup", *places], env=environment, check=True, capture_output=True)
    made = (tmp_path / "final" / "server.properties").read_text().split()
    ours = node_settings(bind="0.0.0.0", reached_at="localhost", port=29092, controller_port=9093)
    assert set(made) >= set(as_properties(ours).split())
    assert (tmp_path / "records" / "meta.properties").exists()
