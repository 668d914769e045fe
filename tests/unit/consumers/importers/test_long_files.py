"""Files of any length: work in proportion to it, and memory that does not follow it."""

import gc
import sys
import tracemalloc
from pathlib import Path

import pytest

from benchmarks.import_files import FORMATS
from tasker_consumers.importers import HistoryFormat, Import

STREAMED = ("xes", "csv", "otlp")
ENTRIES = 150
STREAM = 800  # entries of a stream
BYTES_OF_AN_ENTRY = 500  # the report keeps less of a tenth of a task, and a document of JSON ten times as much


def written(history_format: str, entries: int, folder: Path) -> Path:
    path = folder / f"{history_format}-{entries}"
    path.write_text("".join(FORMATS[history_format][0](entries)))
    return path


def read(history_format: str, path: Path) -> None:
    assert Import(history_format=HistoryFormat(history_format)).preview([path]).faults == ()


def calls_of_reading(history_format: str, path: Path) -> int:
    """Count the calls of functions, generators included: unlike time, their number is the same under any load."""
    calls = 0

    def count(_frame: object, kind: str, _argument: object) -> None:
        nonlocal calls
        calls += kind in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        read(history_format, path)
    finally:
        sys.setprofile(previous)
    return calls


@pytest.mark.parametrize("history_format", FORMATS)
def test_twice_the_entries_take_at_most_two_and_a_half_times_the_calls(history_format: str, tmp_path: Path) -> None:
    once, twice = (written(history_format, entries, tmp_path) for entries in (ENTRIES, 2 * ENTRIES))
    assert calls_of_reading(history_format, twice) <= 2.5 * calls_of_reading(history_format, once)


def peak_of_reading(history_format: str, path: Path) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        read(history_format, path)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("history_format", STREAMED)
def test_memory_does_not_follow_the_length_of_a_stream(history_format: str, tmp_path: Path) -> None:
    short, long = (written(history_format, entries, tmp_path) for entries in (STREAM, 2 * STREAM))
    read(history_format, short)
    growth = peak_of_reading(history_format, long) - peak_of_reading(history_format, short)
    assert growth <= STREAM * BYTES_OF_AN_ENTRY
