"""A real Jaeger v2, where its binary is on the PATH: as it starts by itself, and with its spans on disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded.ports import free_ports
from tests.support.processes import eventually


@dataclass(frozen=True)
class Jaeger:
    """Where a running Jaeger takes spans over HTTP and over gRPC, and where it shows them."""

    http: str = "http://127.0.0.1:4318"
    grpc: str = "http://127.0.0.1:4317"
    query: str = "http://127.0.0.1:16686"

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """Return the spans of a trace as its query API gives them; none while it knows no such trace."""
        try:
            return list(get(f"{self.query}/api/traces/{trace_id}")["data"][0]["spans"])
        except OSError:
            return []

    def answers(self) -> bool:
        """Return whether the query API is up."""
        try:
            get(f"{self.query}/api/services")
        except OSError:
            return False
        return True


def get(url: str) -> Any:
    """Return what a server answers, read from JSON."""
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)


@contextmanager
def running(jaeger: Jaeger, *arguments: str) -> Iterator[Jaeger]:
    """Run Jaeger while the block lasts; skip the test where there is none."""
    binary = shutil.which("jaeger")
    if binary is None:
        pytest.skip("no Jaeger v2 binary named `jaeger` on the PATH")
    command = [binary, *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert eventually(jaeger.answers), f"{' '.join(command)} does not answer at {jaeger.query}"
            yield jaeger
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def jaeger() -> Iterator[Jaeger]:
    """Jaeger as it starts without a word: its own ports, spans in memory."""
    with running(Jaeger()) as found:
        yield found


@pytest.fixture(scope="module")
def jaeger_on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jaeger]:
    """Jaeger with Badger as its storage, on ports of its own."""
    directory = tmp_path_factory.mktemp("jaeger")
    http, grpc, query, query_grpc, metrics = free_ports(5)
    config = directory / "config.yaml"
    config.write_text(json.dumps(_with_badger(directory, http, query, query_grpc, metrics)))
    found = Jaeger(f"http://127.0.0.1:{http}", f"http://127.0.0.1:{grpc}", f"http://127.0.0.1:{query}")
    with running(found, "--config", str(config)):
        yield found


def _with_badger(directory: Path, http: int, query: int, query_grpc: int, metrics: int) -> dict[str, Any]:
    spans = {"directories": {"keys": str(directory / "keys"), "values": str(directory / "values")}, "ephemeral": False}
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": metrics}}}}
    pipeline = {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {"traces": pipeline},
            "telemetry": {"metrics": {"readers": [reader]}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"disk": {"badger": spans}}},
            "jaeger_query": {
                "storage": {"traces": "disk"},
                "http": {"endpoint": f"127.0.0.1:{query}"},
                "grpc": {"endpoint": f"127.0.0.1:{query_grpc}"},
            },
        },
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{http}"}}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "disk"}},
    }
