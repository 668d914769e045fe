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


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus (Debian's package) is not installed")
def test_every_query_of_a_panel_finds_something(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path, otlp: OtlpReceiver
) -> None:
    with MonitoredSystem(kafka.bootstrap_servers, topic_prefix, tmp_path, otlp.http) as system:
        system.publish()
        assert eventually(lambda: bool(system.query('tasker_stats_tasks_ended_total{outcome="error"}')))
        system.expire()
        empty = set(QUERIES)

        def all_found() -> bool:
            empty.difference_update([query for query in empty if system.query(query)])
            return not empty

        assert eventually(all_found), sorted(empty)
        assert system.query("tasker_metric_that_nobody_has") == []
