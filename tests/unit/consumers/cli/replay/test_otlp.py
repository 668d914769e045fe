"""`tasker replay --to-otlp`: spans of replayed records in a trace backend."""

from pathlib import Path

import pytest

from tasker_consumers.replay.container import write_container
from tests.support.command_line import run_main
from tests.support.runs import run_of, stored
from tests.support.telemetry.histories import order
from tests.support.telemetry.otlp import OtlpReceiver


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "runs.avro"
    write_container(stored(order()), path)
    return str(path)


def test_without_yes_spans_are_only_counted(file: str) -> None:
    ended = run_main("replay", "--from-file", file, "--to-otlp", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert ended.code == 0
    assert ended.err.startswith("tasker: dry run: 6 spans of 15 events, to ")


def test_with_yes_the_backend_gets_the_spans_that_the_group_would_export(file: str) -> None:
    with OtlpReceiver() as receiver:
        endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.http}
        for _ in range(2):
            ended = run_main("replay", "--from-file", file, "--to-otlp", "--yes", **endpoint)
            assert ended.code == 0, ended.err
        spans = receiver.wait_for(6)
    assert set(spans) == {span.span_id for span in run_of(order()).spans()}
