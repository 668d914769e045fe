"""Every panel shows something when a real Prometheus has scraped real groups."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from monitoring.boards import DASHBOARDS
from tests.support.monitored import MonitoredSystem
from tests.support.processes import eventually
from tests.support.telemetry.otlp import OtlpReceiver, otlp

if TYPE_CHECKING:
    from pathlib import Path

    from tasker_consumers.embedded import KafkaSource

__all__ = ["otlp"]
QUERIES = {query for board in DASHBOARDS for panel in board.panels for query in panel.queries.values()}
OF_EXPIRY = {query for query in QUERIES if "tasker_engine_expired_records_total" in query}


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus (Debian's package) is not installed")
def test_every_query_of_a_panel_finds_something(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path, otlp: OtlpReceiver
) -> None:
    with MonitoredSystem(kafka.bootstrap_servers, topic_prefix, tmp_path, otlp.http) as system:
        system.publish()
        # A rate needs two samples of the same process, so everything else is found before a worker is replaced.
        assert eventually(lambda: not empty_queries(system, QUERIES - OF_EXPIRY)), empty_queries(system, QUERIES)
        system.expire()
        assert eventually(lambda: not empty_queries(system, OF_EXPIRY))
        assert system.query("tasker_metric_that_nobody_has") == []


def empty_queries(system: MonitoredSystem, queries: set[str]) -> list[str]:
    return sorted(query for query in queries if not system.query(query))
