"""The filter of raw records, on batches that aiokafka's builder writes, and on damaged ones."""

from random import Random

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from tasker_consumers.replay.reading.scan import RecordFilter
from tasker_consumers.replay.selection.conditions import Verdicts
from tests.support.native.fuzz import damaged

pytestmark = pytest.mark.skipif(RecordFilter is None, reason="the filter of raw records is not compiled")
RECORDS = [
    (b"a", [("team", b"blue")]),
    (None, [("team", b"red"), ("team", b"blue")]),
    (b"a", [("TEAM", b"blue"), ("none", None)]),
    (b"", []),
    (b"ab", [("team", None), ("kind", b"x")]),
]


def batch() -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for offset, (key, headers) in enumerate(RECORDS):
        builder.append(offset, 1_700_000_000_000, key, b"value" * offset or None, headers)
    return bytes(builder.build())[61:]


@pytest.mark.parametrize(
    ("key", "headers", "verdicts", "expected"),
    [
        (None, [], [], [0, 1, 2, 3, 4]),
        (b"a", [], [], [0, 2]),
        (b"", [], [], [3]),
        (None, [(b"team", b"blue")], [], [0, 1]),
        (b"a", [(b"team", b"blue"), (b"kind", b"x")], [], []),
        (None, [], [(b"team", b"red")], [1, 2, 3, 4]),  # the first of a name counts, and one that is not there passes
    ],
)
def test_records_pass_that_meet_all_conditions(
    key: bytes | None, headers: list[tuple[bytes, bytes]], verdicts: list[tuple[bytes, bytes]], expected: list[int]
) -> None:
    choices = [(name, Verdicts(wanted.__eq__)) for name, wanted in verdicts]
    assert RecordFilter(key, headers, choices).positions(batch(), len(RECORDS)) == expected


def test_a_damaged_batch_is_refused_or_read_within_its_bytes() -> None:
    random, conditions = Random(5), RecordFilter(None, [(b"team", b"blue")], [(b"kind", Verdicts(b"x".__eq__))])
    for _ in range(2_000):
        try:
            positions = conditions.positions(damaged(batch(), random), random.choice([5, 5, 0, 6, 2**31 - 1]))
        except ValueError:
            continue
        assert positions == sorted(set(positions))
