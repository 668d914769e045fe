"""Downloads from Maven Central, with a progress bar on a terminal and plain lines elsewhere, on stderr."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact, MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tasker_consumers.embedded.java.programs import JavaProgram
from tasker_schemas.errors import BackendUnavailable

_AT_ONCE = 6  # files; in sequence the server's answers take longer than the bytes
_SILENCE_LIMIT_S = 30
_TRIES = 3  # of some 130 requests a single hiccup is likely
_MEGABYTE = 1_000_000
_LINE_EVERY_S = 10


def download(program: JavaProgram, repository: Path) -> list[Path]:
    """Download the program's files and their dependencies into a new local repository; return them.

    Raises `BackendUnavailable`, with the reason and a way around it, if they cannot be had.
    """
    console = Console(stderr=True)
    show = _bar if console.is_terminal else _lines
    try:
        with show(program.name, console) as progress:
            context = MavenContext(
                repo_cache=repository / "maven",
                # A mirror that the user has named for jgo goes first.
                remote_repos={**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL},
                resolver=_PatientResolver(progress_callback=progress.file),
                timeout=_SILENCE_LIMIT_S,
            )
            artifacts = _artifacts(program, context)
            progress.expect(len(artifacts))
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                return list(pool.map(lambda artifact: artifact.resolve(), artifacts))
    except (OSError, RuntimeError) as error:  # raised by requests and jgo
        raise BackendUnavailable(
            f"The files of {program.name} could not be had from Maven Central ({_root_of(error)}). {program.instead}"
        ) from error


def _artifacts(program: JavaProgram, context: MavenContext) -> list[Artifact]:
    direct = [context.create_dependency(each) for each in program.coordinates]
    if program.alone:
        return [each.artifact for each in direct]
    chosen, needed = context.resolver.resolve(direct)
    return [each.artifact for each in (*chosen, *needed)]


class _PatientResolver(PythonResolver):
    """Tries again when the network fails; the remains of a failed try are removed, else they would count."""

    def download(self, artifact: Artifact) -> Path | None:
        for tried in range(1, _TRIES):
            try:
                return super().download(artifact)
            except OSError:
                if artifact.cached_path is not None:
                    artifact.cached_path.unlink(missing_ok=True)
                time.sleep(tried / 2)
        return super().download(artifact)


def _root_of(error: BaseException) -> str:
    """Return the innermost reason: the outer ones repeat it in wrappers of wrappers."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error).strip() or type(error).__name__


class _Progress:
    """Counts the files and bytes of a download, from several threads."""

    def __init__(self, refresh: Callable[[int | None, float, int], None]) -> None:
        self._refresh = refresh
        self._files: int | None = None
        self._received: dict[str, float] = {}  # each file's share: a single large file moves the bar too
        self._bytes = 0

    @contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Count a file's bytes; the form that jgo calls."""
        self._received[name] = 0.0

        def add(count: int) -> None:
            self._bytes += count
            self._received[name] += count / size
            self._refresh(self._files, sum(self._received.values()), self._bytes)

        yield add

    def expect(self, files: int) -> None:
        """Say how many files there will be; the downloads before this call only served to find that number."""
        self._files = files
        self._received.clear()


@contextmanager
def _bar(name: str, console: Console) -> Iterator[_Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[mb]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(f"{name}, the first time: dependencies", total=None, mb="")

        def refresh(files: int | None, done: float, received: int) -> None:
            step = "dependencies" if files is None else "download"
            text = f"{name}, the first time: {step}"
            bar.update(task, description=text, total=files, completed=done, mb=f"{received / _MEGABYTE:.0f} MB")

        yield _Progress(refresh)


@contextmanager
def _lines(name: str, console: Console) -> Iterator[_Progress]:
    started = time.monotonic()
    console.print(f"Downloading {name} from Maven Central, this first time only.", highlight=False)
    last_line, last = started, (0.0, 0)

    def refresh(_files: int | None, done: float, received: int) -> None:
        nonlocal last_line, last
        last = done, received
        if time.monotonic() - last_line > _LINE_EVERY_S:
            last_line = time.monotonic()
            console.print(f"{name}: {received / _MEGABYTE:.0f} MB so far.", highlight=False)

    yield _Progress(refresh)
    done, received = last
    seconds = time.monotonic() - started
    files = "1 file" if round(done) == 1 else f"{done:.0f} files"
    console.print(f"{name}: {files}, {received / _MEGABYTE:.0f} MB in {seconds:.0f} s.", highlight=False)
