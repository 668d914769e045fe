"""The threshold in the tracestate is the threshold that decides, and one that came along is never lowered."""

import pytest

from tasker_consumers.telemetry.spans.tracestate import with_threshold

HALF, QUARTER = 1 << 55, 3 << 54


@pytest.mark.parametrize(
    ("tracestate", "threshold", "expected"),
    [
        ("", HALF, "ot=th:8"),
        ("", QUARTER, "ot=th:c"),
        ("", 0, "ot=th:0"),
        ("", (1 << 56) - 1, "ot=th:ffffffffffffff"),
        ("vendor=1,other=2", HALF, "ot=th:8,vendor=1,other=2"),
        ("vendor=1,ot=rv:abc;th:c", HALF, "ot=th:c;rv:abc,vendor=1"),
        ("ot=th:4", HALF, "ot=th:8"),
        ("ot=th:XYZ", HALF, "ot=th:8"),
        (" , ,vendor=1, ", HALF, "ot=th:8,vendor=1"),
    ],
)
def test_the_larger_threshold_stands_before_the_members_that_came_along(
    tracestate: str, threshold: int, expected: str
) -> None:
    assert with_threshold(tracestate, threshold) == expected


def test_a_full_tracestate_loses_its_last_member_and_not_the_threshold() -> None:
    members = with_threshold(",".join(f"v{n}=1" for n in range(32)), HALF).split(",")
    assert (len(members), members[0], members[-1]) == (32, "ot=th:8", "v30=1")
