"""Downloads of Java programs, over real HTTP from a repository on this machine."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasker_consumers.embedded.java.artifacts import files_of, program_dir
from tasker_consumers.embedded.java.programs import KAFKA
from tasker_schemas.errors import BackendUnavailable
from tests.support.embedded.maven_repository import PACKED, PROGRAM, MavenRepository
from tests.support.processes import LIMIT_S

DOWNLOAD = """
from tasker_consumers.embedded.java.artifacts import files_of
from tests.support.embedded.maven_repository import PROGRAM
print(*(jar.name for jar in files_of(PROGRAM)))
"""


def test_a_program_comes_with_what_it_depends_on(maven_repository: MavenRepository) -> None:
    assert [jar.name for jar in files_of(PROGRAM)] == ["greeter-1.0.jar", "phrases-1.0.jar"]
    assert all(jar.parent == program_dir(PROGRAM) for jar in files_of(PROGRAM))
    assert any(path.endswith("/phrases-1.0.jar") for path in maven_repository.asked)


def test_an_archive_is_unpacked_and_asks_for_nothing_else(maven_repository: MavenRepository) -> None:
    home = program_dir(PACKED)
    assert files_of(PACKED) == (home / "box.jar", home / "lib" / "a part.jar")
    assert [file.read_bytes() for file in files_of(PACKED)] == [b"box", b"part"]
    assert [path for path in maven_repository.asked if not path.endswith(("-all.tar.gz", ".sha1"))] == []


def test_a_program_is_downloaded_only_once(maven_repository: MavenRepository) -> None:
    files_of(PROGRAM)
    maven_repository.asked.clear()
    files_of(PROGRAM)
    assert maven_repository.asked == []


def test_a_connection_that_breaks_is_tried_again(maven_repository: MavenRepository) -> None:
    maven_repository.broken = 1
    assert len(files_of(PROGRAM)) == 2


def test_a_damaged_program_is_made_whole_again(maven_repository: MavenRepository) -> None:
    files_of(PROGRAM)[1].unlink()
    assert all(jar.exists() for jar in files_of(PROGRAM))
    assert any(path.endswith("/phrases-1.0.jar") for path in maven_repository.asked)


def test_a_download_says_in_plain_lines_what_it_does(
    maven_repository: MavenRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    files_of(PROGRAM)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Downloading Greeter 1.0 from Maven Central")
    assert "Greeter 1.0: 2 files" in said.err
    assert maven_repository.asked


def test_processes_may_download_the_same_program_at_once(maven_repository: MavenRepository) -> None:
    command = [sys.executable, "-c", DOWNLOAD]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(3)]
    said = [process.communicate(timeout=LIMIT_S)[0] for process in running]
    assert said == [b"greeter-1.0.jar phrases-1.0.jar\n"] * 3
    assert [path.name for path in program_dir(PROGRAM).parent.iterdir()] == [PROGRAM.key]
    assert maven_repository.asked


def test_a_download_without_a_network_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(BackendUnavailable, match=r"Apache Kafka 4.1.1 .*refused.* Set KAFKA_BOOTSTRAP_SERVERS"):
        files_of(KAFKA)
    assert list((tmp_path / "tasker-events").iterdir()) == []
