"""`tasker replay --to-otlp`: spans of replayed records in a trace backend."""

from pathlib import Path

import pytest

from tasker_consumers.replay.container import write_container
from tests.support.command_line import run_main
from tests.support.runs import stored
from tests.support.telemetry.histories import order


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "runs.avro"
    write_container(stored(order()), path)
    return str(path)


def test_without_yes_spans_are_only_counted(file: str) -> None:
    ended = run_main("replay", "--from-file", file, "--to-otlp", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert ended.code == 0
    assert ended.err.startswith("tasker: dry run: 6 spans of 15 events, to ")
