"""Backends that are programs of their own, where their binaries are on the PATH: a Collector, and a log backend."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded.ports import free_ports
from tests.support.processes import LIMIT_S, eventually


@contextmanager
def running(binary: str, arguments: Sequence[str], url: str) -> Iterator[None]:
    """Run a program while the block lasts, from when `url` answers; skip the test where the program is not there."""
    path = shutil.which(binary)
    if path is None:
        pytest.skip(f"no binary named `{binary}` on the PATH")
    with subprocess.Popen([path, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert eventually(lambda: _answers(url)), f"{binary} {' '.join(arguments)} does not answer at {url}"
            yield
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@dataclass(frozen=True)
class Collector:
    """A Collector that writes all that it gets to files of OTLP's JSON, a line for each request."""

    http: str
    grpc: str
    zipkin: str
    directory: Path

    def spans(self) -> list[dict[str, Any]]:
        """Return the spans that it has written, in OTLP's JSON."""
        return [span for scope in self._scopes("traces", "resourceSpans", "scopeSpans") for span in scope["spans"]]

    def records(self) -> list[dict[str, Any]]:
        """Return the log records that it has written, in OTLP's JSON."""
        return [record for scope in self._scopes("logs", "resourceLogs", "scopeLogs") for record in scope["logRecords"]]

    def _scopes(self, file: str, resources: str, scopes: str) -> Iterator[dict[str, Any]]:
        path = self.directory / f"{file}.json"
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        for line in lines:
            for resource in json.loads(line)[resources]:
                yield from resource[scopes]


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A running Collector, the binary `otelcol`, with the file exporter and the receivers of OTLP and Zipkin."""
    directory = tmp_path_factory.mktemp("collector")
    http, grpc, zipkin = (f"127.0.0.1:{port}" for port in free_ports(3))
    config = directory / "config.json"
    config.write_text(json.dumps(_config(directory, http, grpc, zipkin)), encoding="utf-8")
    found = Collector(f"http://{http}", f"http://{grpc}", f"http://{zipkin}/api/v2/spans", directory)
    with running("otelcol", ["--config", str(config)], found.http):
        yield found


def _config(directory: Path, http: str, grpc: str, zipkin: str) -> dict[str, Any]:
    otlp = {"protocols": {"http": {"endpoint": http}, "grpc": {"endpoint": grpc}}}
    files = {f"file/{kind}": {"path": str(directory / f"{kind}.json")} for kind in ("traces", "logs")}
    pipelines = {
        "traces": {"receivers": ["otlp", "zipkin"], "exporters": ["file/traces"]},
        "logs": {"receivers": ["otlp"], "exporters": ["file/logs"]},
    }
    return {
        "receivers": {"otlp": otlp, "zipkin": {"endpoint": zipkin}},
        "exporters": files,
        "service": {"pipelines": pipelines, "telemetry": {"metrics": {"level": "none"}}},
    }


@dataclass(frozen=True)
class LogBackend:
    """A running VictoriaLogs."""

    url: str

    @property
    def endpoint(self) -> str:
        """Where it takes log records over OTLP."""
        return f"{self.url}/insert/opentelemetry/v1/logs"

    def records(self, query: str) -> list[dict[str, Any]]:
        """Return the records that a query of LogsQL finds."""
        text = urllib.parse.urlencode({"query": query, "limit": 1000})
        with urllib.request.urlopen(f"{self.url}/select/logsql/query?{text}", timeout=LIMIT_S) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]


@pytest.fixture(scope="module")
def log_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogBackend]:
    """A running VictoriaLogs, the binary `victoria-logs`."""
    (port,) = free_ports(1)
    found = LogBackend(f"http://127.0.0.1:{port}")
    directory = tmp_path_factory.mktemp("logs")
    # The histories of the tests are of the past.
    arguments = [f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={directory}", "-retentionPeriod=100y"]
    with running("victoria-logs", arguments, f"{found.url}/health"):
        yield found
