"""Statistics asked of a worker over HTTP, with the same methods as those read from the topics (`topic.py`)."""

import json
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from tasker_consumers.stats.reading.progress import OPEN
from tasker_consumers.stats.reading.topics import Stats
from tasker_schemas.errors import BackendUnavailable, UsageError

#: Workers give up on each other earlier, and say why.
_LIMIT_S = 40.0
_PAGE = 1000
#: Between two questions, as a multiple of what the first took: a watcher must not keep the workers busy.
_REST = 10.0


class StatsWorker:
    """What any worker of the group answers, of one task or of all of a name, those that are over if `ended`.

    Raises UsageError for an address that is none, and BackendUnavailable when no worker answers there.
    """

    unreadable = 0

    def __init__(self, url: str, task_id: str | None = None, name: str | None = None, *, ended: bool = True) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no address; expected http://host:port of a stats worker")
        self._url = url.rstrip("/")
        self._task_id = task_id
        self._name = name
        self._ended = ended
        self._known: dict[str, Stats] = {}
        self._took = 0.0

    def backlog(self) -> Iterator[Stats]:
        """Yield the statistics of the one task, or of all tasks of the name, the latest first."""
        for page in self._pages("" if self._ended else ",".join(OPEN)):
            yield from page
            self._known.update((stats["task_id"], stats) for stats in page)

    def news(self, wait_s: float) -> list[Stats]:
        """Return what is different from before, after a pause of this length or longer."""
        time.sleep(max(wait_s, _REST * self._took))
        changed: list[Stats] = []
        for page in self._pages():
            fresh = [stats for stats in page if self._known.get(stats["task_id"]) != stats]
            changed += fresh
            self._known.update((stats["task_id"], stats) for stats in fresh)
            if len(fresh) < len(page):  # what changed comes first
                break
        return changed

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """Return the windows of tasks or steps of one name, by time."""
        field, length = {"task": "name", "step": "step"}[kind], {60: "minute", 3600: "hour"}[length_s]
        pages = self._all("/windows", "windows", **{field: name}, length=length)
        return sorted((window for page in pages for window in page), key=lambda window: window["window_start"])

    def _pages(self, status: str = "") -> Iterator[list[Stats]]:
        if self._task_id is None:
            yield from self._all("/tasks", "tasks", name=self._name or "", status=status)
        elif found := self._get(f"/tasks/{quote(self._task_id, safe='')}"):
            yield [found]
        elif self._get("/openapi.json") is None:
            raise self._is_none()

    def _all(self, path: str, rows: str, **asked: str) -> Iterator[list[Stats]]:
        after: str | None = ""
        while after is not None:
            page = self._get(f"{path}?{urlencode({**asked, 'limit': _PAGE, 'after': after})}")
            if page is None:
                raise self._is_none()
            yield page[rows]
            after = page["next"]

    def _get(self, path: str) -> Any | None:
        """Return the answer, None where nothing is known."""
        begun = time.monotonic()
        try:
            with urlopen(Request(self._url + path), timeout=_LIMIT_S) as answer:  # noqa: S310  it begins with http
                return json.load(answer)
        except HTTPError as refused:
            with refused:
                self._check(refused)
                return None
        except (OSError, HTTPException, ValueError) as error:
            raise BackendUnavailable(f"no stats worker answers at {self._url} ({error})") from error
        finally:
            self._took = time.monotonic() - begun

    def _check(self, refused: HTTPError) -> None:
        try:
            told = str(json.load(refused)["error"])
        except (ValueError, TypeError, KeyError):
            raise self._is_none() from None
        if refused.code == HTTPStatus.BAD_REQUEST:
            raise UsageError(told)
        if refused.code != HTTPStatus.NOT_FOUND:
            raise BackendUnavailable(f"the stats worker at {self._url} cannot answer: {told}")

    def _is_none(self) -> BackendUnavailable:
        return BackendUnavailable(f"what answers at {self._url} is no stats worker")
