"""Java programs in the cache: complete or not there."""

from pathlib import Path

import pytest

from tasker_consumers.embedded.java.artifacts import files_of, program_dir
from tasker_consumers.embedded.java.programs import KAFKA, JavaProgram


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = program_dir(KAFKA)
    home.mkdir(parents=True)
    (home / "a.jar").write_bytes(b"12")
    (home / "a space.jar").write_bytes(b"123")
    (home / "files").write_text("2 a.jar\n3 a space.jar\n")
    return [home / "a.jar", home / "a space.jar"]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_consumers.embedded.java.maven.download", _download_forbidden)


def _download_forbidden(program: JavaProgram, _: Path) -> list[Path]:
    raise LookupError(program.name)


@pytest.mark.usefixtures("no_network")
def test_a_complete_program_is_taken_from_the_cache(jars: list[Path]) -> None:
    assert list(files_of(KAFKA)) == jars


@pytest.mark.usefixtures("no_network")
def test_a_program_with_a_missing_file_is_downloaded_again(jars: list[Path]) -> None:
    jars[1].unlink()
    with pytest.raises(LookupError, match="Apache Kafka"):
        files_of(KAFKA)


@pytest.mark.usefixtures("no_network")
def test_a_program_with_a_cut_file_is_downloaded_again(jars: list[Path]) -> None:
    jars[0].write_bytes(b"1")
    with pytest.raises(LookupError, match="Apache Kafka"):
        files_of(KAFKA)


def test_two_versions_of_a_program_have_two_places() -> None:
    older = JavaProgram(name=KAFKA.name, coordinates=("org.apache.kafka:kafka_2.13:4.0.0",), instead="")
    assert program_dir(older) != program_dir(KAFKA)
