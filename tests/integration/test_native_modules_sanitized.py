"""Native modules under AddressSanitizer: no damaged record, value or batch makes them leave an object's memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.native.sanitized import compile_sanitized, run_sanitized
from tests.support.scale import SCALE

ROUNDS = {
    **dict.fromkeys(("reader", "projection", "batches", "filter", "contexts"), 20_000),
    **dict.fromkeys(("writer", "attributes", "spans"), 10_000),
}


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_sanitized(tmp_path_factory.mktemp("sanitized"))


@pytest.mark.parametrize("part", ROUNDS)
def test_damaged_input_is_read_or_refused_inside_of_its_memory(sanitized: Path, part: str) -> None:
    ended = run_sanitized(sanitized, "-m", "tests.support.native.fuzz", part, str(ROUNDS[part] * SCALE), "7")
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert 0 < int(ended.stdout) < ROUNDS[part] * SCALE  # some could be read, and some could not


def test_the_sanitizer_ends_a_process_that_reads_outside_of_an_object(sanitized: Path) -> None:
    code = "import ctypes; ctypes.string_at(ctypes.create_string_buffer(10), 10_000)"
    ended = run_sanitized(sanitized, "-c", code)
    assert ended.returncode != 0
    assert "AddressSanitizer: heap-buffer-overflow" in ended.stderr
