"""The log of a worker: one JSON object a line, whatever is logged, and libraries only when they are asked for."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from tasker_consumers.cli.log_output import configure_logging

LIBRARIES = ("aiokafka.conn", "faust.transport.consumer", "mode", "asyncio", "tasker_consumers.engine.app")


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Leave the loggers as they were."""
    root = logging.getLogger()
    names = ("aiokafka", "faust", "mode", "asyncio", "tasker_consumers.engine.app", "tasker_consumers.engine.faust")
    before = (root.level, list(root.handlers), {name: logging.getLogger(name).level for name in names})
    yield
    logging.captureWarnings(capture=False)
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)


def lines_of(level: str, *loggers: str) -> list[dict[str, Any]]:
    out = StringIO()
    configure_logging(level, out)
    for name in loggers:
        logging.getLogger(name).error("a\nmessage", exc_info=ValueError("line one\nline two"))
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_traceback_is_a_part_of_its_line() -> None:
    (line,) = lines_of("info", "tasker_consumers.engine.worker")
    assert (line["event"], line["level"]) == ("a\nmessage", "error")
    assert "line one\nline two" in line["exception"]


def test_libraries_are_quiet_unless_debug_is_asked_for() -> None:
    assert lines_of("info", "aiokafka.conn", "faust.transport.consumer", "mode", "asyncio") == []
    assert [line["logger"] for line in lines_of("debug", *LIBRARIES)] == list(LIBRARIES)


def test_what_the_engine_says_about_its_states_is_told() -> None:
    assert len(lines_of("info", "tasker_consumers.engine.faust.recovery", "tasker_consumers.engine")) == 2
