"""A Maven repository on this machine, served over real HTTP, with two tiny programs."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tasker_consumers.embedded.java.programs import JavaProgram

GROUP = "org.example.tasker"
PROGRAM = JavaProgram(name="Greeter 1.0", coordinates=(f"{GROUP}:greeter:1.0",), instead="Say it yourself.")
PACKED = JavaProgram(name="Box 1.0", coordinates=(f"{GROUP}:box:1.0:all:tar.gz:",), instead="Carry it.", alone=True)


class MavenRepository(ThreadingHTTPServer):
    """Serves `root`; the first `broken` requests are cut off, and every path asked for is remembered."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Answer, directory=str(root)))
        self.broken = 0
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(SimpleHTTPRequestHandler):
    server: MavenRepository

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.broken > 0:
            self.server.broken -= 1
            self.close_connection = True
            return
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def maven_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MavenRepository]:
    """The repository that downloads ask first, and an empty cache to download into."""
    root = tmp_path / "repository"
    _publish(root, "greeter", needs="phrases")
    _publish(root, "phrases", needs=None)
    _publish_archive(root, "box", {"./box.jar": b"box", "lib/a part.jar": b"part"})
    with MavenRepository(root) as repository:
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\nhere = {repository.url}\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        Thread(target=repository.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield repository
        repository.shutdown()


def _publish(root: Path, artifact: str, needs: str | None) -> None:
    home = root / GROUP.replace(".", "/") / artifact / "1.0"
    home.mkdir(parents=True)
    needed = (
        f"<dependency><groupId>{GROUP}</groupId><artifactId>{needs}</artifactId><version>1.0</version></dependency>"
    )
    pom = (
        f"<project><modelVersion>4.0.0</modelVersion><groupId>{GROUP}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>1.0</version><dependencies>{needed if needs else ''}</dependencies></project>"
    )
    _write(home / f"{artifact}-1.0.pom", pom.encode())
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("said", artifact)
    _write(home / f"{artifact}-1.0.jar", jar.getvalue())


def _publish_archive(root: Path, artifact: str, contents: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    home = root / GROUP.replace(".", "/") / artifact / "1.0"
    home.mkdir(parents=True)
    _write(home / f"{artifact}-1.0-all.tar.gz", packed.getvalue())


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    file.with_name(f"{file.name}.sha1").write_text(hashlib.sha1(content).hexdigest())
