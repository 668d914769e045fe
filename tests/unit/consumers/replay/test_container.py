"""Records in a file: the same bytes come back, and a damaged file is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.replay.container import read_container, write_container
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import UsageError
from tests.support.replay_records import a_record

_bytes = st.none() | st.binary(max_size=20)
_records = st.builds(
    StoredRecord,
    topic=st.sampled_from(["tasker.events.step", "copies"]),
    partition=st.integers(0, 100),
    offset=st.integers(0, 2**62),
    timestamp=st.none() | st.integers(0, 2**60),
    key=_bytes,
    value=_bytes,
    headers=st.lists(st.tuples(st.text(max_size=5), _bytes), max_size=3).map(tuple),
    appended=st.booleans(),
)


@given(st.lists(_records, max_size=5))
def test_records_come_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, records: list[StoredRecord]) -> None:
    file = tmp_path_factory.mktemp("container") / "records.avro"
    assert write_container(records, file) == len(records)
    assert list(read_container(file)) == records


def test_a_file_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "records.avro"
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists; name a new file"):
        write_container([a_record()], file)
    assert file.read_text() == "mine"


def test_a_file_that_cannot_be_finished_is_removed(tmp_path: Path) -> None:
    def broken() -> list[StoredRecord]:
        raise KeyboardInterrupt

    file = tmp_path / "records.avro"
    with pytest.raises(KeyboardInterrupt):
        write_container((record for _ in range(1) for record in broken()), file)
    assert not file.exists()


@pytest.mark.parametrize("content", [None, b"junk", b""])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "records.avro"
    write_container([a_record() for _ in range(100)], file)
    file.write_bytes(file.read_bytes()[:-9] if content is None else content)
    with pytest.raises(UsageError, match=r"records\.avro"):
        list(read_container(file))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.avro cannot be read: No such file"):
        list(read_container(tmp_path / "no.avro"))
