"""A SIGKILL amid an outage: what was older than five seconds arrives, and the order per key of each process holds."""

import pytest

from benchmarks.killed_service import SAFE_AFTER_S, run
from tests.support.scale import SCALE

pytestmark = pytest.mark.reliability


@pytest.mark.timeout(600 + 200 * SCALE)
@pytest.mark.parametrize("rate", [10, 2_000, 20_000] if SCALE > 1 else [200])
def test_what_was_older_than_five_seconds_at_the_kill_arrives_in_its_order(rate: int) -> None:
    seconds = 12.0 * SCALE
    counts = run(seconds, rate, calm_s=2.0)
    assert counts["published_before_the_kill_and_safe"] > 0
    # Some of the outage at least; a run of minutes has room for the five seconds, on a busy machine too.
    assert counts["seconds_lost_before_the_kill"] < (seconds / 2 if SCALE == 1 else SAFE_AFTER_S + 1)
    assert (counts["lost_of_these"], counts["lost_of_those"], counts["left"]) == (0, 0, 0)
    assert counts["keys_out_of_order"] == 0
