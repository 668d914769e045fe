"""Each worker on a host has a place of its own."""

from pathlib import Path

import pytest

from tasker_consumers.engine.state.state_dir import claim_state_dir
from tasker_schemas.errors import ConfigurationError


def test_workers_side_by_side_get_different_places(tmp_path: Path) -> None:
    with claim_state_dir(tmp_path, "g") as first, claim_state_dir(tmp_path, "g") as second:
        assert (first.name, second.name) == ("worker-0", "worker-1")


def test_a_worker_that_starts_again_finds_the_place_of_the_one_before(tmp_path: Path) -> None:
    with claim_state_dir(tmp_path, "g") as before:
        pass
    with claim_state_dir(tmp_path, "g") as after:
        assert after == before


def test_groups_do_not_share_places(tmp_path: Path) -> None:
    with claim_state_dir(tmp_path, "g") as one, claim_state_dir(tmp_path, "h") as other:
        assert (one.name, other.name) == ("worker-0", "worker-0")
        assert one != other


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match=r"state_dir: .*file/g/worker-0 cannot be used"),
        claim_state_dir(tmp_path / "file", "g"),
    ):
        pass
