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

from tasker_consumers.embedded.artifacts import JavaProgram
from tasker_schemas.errors import BackendUnavailable

_AT_ONCE = 6  # files; one after the other the server's answers take longer than the bytes
_SILENCE_LIMIT_S = 30
_TRIES = 3  # of some 130 requests one may well meet a hiccup
_MEGABYTE = 1_000_000


def download(program: JavaProgram, repository: Path) -> list[Path]:
    """Download the program's jars and what they depend on into a new local repository; return the jars.

    Raises `BackendUnavailable`, with the reason and what to do instead, if they cannot be had.
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
            wanted = _with_dependencies(program, context)
            progress.expect(len(wanted))
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                return list(pool.map(lambda artifact: progress.done(artifact.resolve()), wanted))
    except (OSError, RuntimeError) as error:  # what requests and jgo raise
        raise BackendUnavailable(
            f"The files of {program.name} could not be had from Maven Central ({_root_of(error)}). {program.instead}"
        ) from error


def _with_dependencies(program: JavaProgram, context: MavenContext) -> list[Artifact]:
    chosen, needed = context.resolver.resolve([context.create_dependency(each) for each in program.coordinates])
    return [each.artifact for each in (*chosen, *needed)]


class _PatientResolver(PythonResolver):
    """Tries again when the network fails; what a failed try left behind is removed, else it would count."""

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
    """What a download reports to: files and bytes, from several threads."""

    def __init__(self, refresh: Callable[[int | None, int, int], None]) -> None:
        self._refresh = refresh
        self._files: int | None = None
        self._done: list[Path] = []
        self._bytes = 0

    @contextmanager
    def file(self, _name: str, _size: int) -> Iterator[Callable[[int], None]]:
        """Count one file's bytes; the form that jgo calls."""

        def add(count: int) -> None:
            self._bytes += count
            self._refresh(self._files, len(self._done), self._bytes)

        yield add

    def expect(self, files: int) -> None:
        """Say how many files there will be, once that is known."""
        self._files = files

    def done(self, path: Path) -> Path:
        """Count a file that is here."""
        self._done.append(path)
        self._refresh(self._files, len(self._done), self._bytes)
        return path


@contextmanager
def _bar(name: str, console: Console) -> Iterator[_Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[mb]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task(f"{name}, the first time: what it needs", total=None, mb="")

        def refresh(files: int | None, done: int, received: int) -> None:
            what = "what it needs" if files is None else "download"
            text = f"{name}, the first time: {what}"
            bar.update(task, description=text, total=files, completed=done, mb=f"{received / _MEGABYTE:.0f} MB")

        yield _Progress(refresh)


@contextmanager
def _lines(name: str, console: Console) -> Iterator[_Progress]:
    started = time.monotonic()
    console.print(f"Downloading {name} from Maven Central, this first time only.", highlight=False)
    last = (0, 0)

    def refresh(_files: int | None, done: int, received: int) -> None:
        nonlocal last
        last = done, received

    yield _Progress(refresh)
    done, received = last
    seconds = time.monotonic() - started
    console.print(f"{name}: {done} files, {received / _MEGABYTE:.0f} MB in {seconds:.0f} s.", highlight=False)
