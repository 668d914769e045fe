"""`tasker run stats` as a process that can be asked for its numbers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.arena import PREFIX
from benchmarks.engine_process import EngineProcess, running
from tasker_consumers.embedded.ports import free_ports
from tasker_schemas.topics import stats_topic, window_topic

GROUP = f"{PREFIX}-stats"
CHANGELOG = f"{GROUP}-states-changelog"
OUTPUTS = (stats_topic(PREFIX), window_topic(PREFIX))


@dataclass(frozen=True, slots=True)
class OurWorker:
    """A running worker."""

    engine: EngineProcess
    port: int

    def count(self, name: str) -> float:
        """Return a counter's value, all its labels added up; 0 as long as the worker does not answer."""
        families = text_string_to_metric_families(self._page("/metrics"))
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    def is_ready(self) -> bool:
        """Tell whether it has its partitions and their states."""
        return bool(self._page("/readyz"))

    def has_begun(self) -> bool:
        """Tell whether it has handled a record."""
        return (self.engine.folder / "first-record").exists()

    def resident_bytes(self) -> int:
        """Return the memory that the process holds now."""
        with open(f"/proc/{self.engine.process.pid}/statm", encoding="ascii") as pages:  # noqa: PTH123  no file
            return int(pages.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _page(self, path: str) -> str:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except URLError:  # it starts, or says that it is not ready
            return ""


@contextmanager
def our_worker(servers: str, command: str = "stats", **variables: str) -> Iterator[OurWorker]:
    """Run `tasker run COMMAND` over the benchmark's topics while the block lasts."""
    (port,) = free_ports(1)
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TASKER_TOPIC_PREFIX": PREFIX,
        "TASKER_WEB_PORT": str(port),
        **variables,
    }
    with running([sys.executable, "-m", "benchmarks.ours", command], environ, command) as engine:
        yield OurWorker(engine, port)
