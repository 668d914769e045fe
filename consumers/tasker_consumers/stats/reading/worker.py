"""Statistics asked of a stats worker over HTTP (`StatsSource`)."""

import json
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from tasker_consumers.stats.reading.progress import OPEN
from tasker_consumers.stats.reading.sources import Stats
from tasker_schemas.errors import BackendUnavailable, UsageError

#: Seconds to wait for an answer. Workers stop waiting for each other earlier, and then say so.
_LIMIT_S = 40.0
_PAGE = 1000
#: Pause between two requests, as a multiple of the time of the last request: a watcher must not keep workers busy.
_REST = 10.0


#: Seconds until the next request after a 503 that names none.
_RETRY_AFTER_S = 1.0


class _Delayed(BackendUnavailable):
    """A worker is there, but cannot answer before `retry_after_s` seconds have passed."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StatsWorker:
    """A stats worker as a `StatsSource`, asked for a task or for all tasks of a name; ended tasks only if `ended`.

    A worker that answers 503 is asked again after its Retry-After, for `patience_s` seconds; `on_wait` gets its reason.
    Raises UsageError for a malformed address, and BackendUnavailable when no worker answers there.
    """

    unreadable = 0

    def __init__(
        self,
        url: str,
        task_id: str | None = None,
        name: str | None = None,
        *,
        ended: bool = True,
        patience_s: float = 60.0,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no address; expected http://host:port of a stats worker")
        self._url = url.rstrip("/")
        self._task_id = task_id
        self.name = f"the stats worker at {self._url}"
        self._task_name = name
        self._ended = ended
        self._patience_s = patience_s
        self._on_wait = on_wait
        self._answered_at = time.monotonic()
        self._latest: dict[str, Stats] = {}
        self._last_request_s = 0.0

    def backlog(self) -> Iterator[Stats]:
        """Yield the statistics of the task, or of all tasks of the name, the latest first."""
        for page in self._pages("" if self._ended else ",".join(OPEN)):
            yield from page
            self._latest.update((stats["task_id"], stats) for stats in page)

    def changes(self, wait_s: float) -> list[Stats]:
        """Return the statistics that changed since the last call, after a pause of `wait_s` seconds or longer."""
        time.sleep(max(wait_s, _REST * self._last_request_s))
        changed: list[Stats] = []
        for page in self._pages():
            new = [stats for stats in page if self._latest.get(stats["task_id"]) != stats]
            changed += new
            self._latest.update((stats["task_id"], stats) for stats in new)
            if len(new) < len(page):  # tasks that changed come first
                break
        return changed

    def silence_s(self) -> float:
        """See `StatsSource`."""
        return time.monotonic() - self._answered_at

    def windows(self, kind: str, name: str, length_s: int) -> list[Stats]:
        """See `StatsSource`."""
        field, length = {"task": "name", "step": "step"}[kind], {60: "minute", 3600: "hour"}[length_s]
        pages = self._all("/windows", "windows", **{field: name}, length=length)
        return sorted((window for page in pages for window in page), key=lambda window: window["window_start"])

    def _pages(self, status: str = "") -> Iterator[list[Stats]]:
        if self._task_id is None:
            yield from self._all("/tasks", "tasks", name=self._task_name or "", status=status)
        elif stats := self._get(f"/tasks/{quote(self._task_id, safe='')}"):
            yield [stats]
        elif self._get("/openapi.json") is None:
            raise self._not_a_worker()

    def _all(self, path: str, rows: str, **parameters: str) -> Iterator[list[Stats]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._get(f"{path}?{urlencode({**parameters, 'limit': _PAGE, 'after': cursor})}")
            if page is None:
                raise self._not_a_worker()
            yield page[rows]
            cursor = page["next"]

    def _get(self, path: str) -> Any | None:
        """Return the answer, None for an unknown task; wait as a 503 asks for."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                answer = self._request(path)
            except _Delayed as delay:
                if time.monotonic() + delay.retry_after_s > deadline:
                    raise
                self._on_wait(str(delay))
                time.sleep(delay.retry_after_s)
            else:
                self._answered_at = time.monotonic()
                return answer

    def _request(self, path: str) -> Any | None:
        started = time.monotonic()
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
            self._last_request_s = time.monotonic() - started

    def _check(self, refused: HTTPError) -> None:
        try:
            reason = str(json.load(refused)["error"])
        except (ValueError, TypeError, KeyError):
            raise self._not_a_worker() from None
        if refused.code == HTTPStatus.BAD_REQUEST:
            raise UsageError(reason)
        if refused.code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise _Delayed(f"the stats worker at {self._url} cannot answer yet: {reason}", _retry_after_s(refused))
        if refused.code != HTTPStatus.NOT_FOUND:
            raise BackendUnavailable(f"the stats worker at {self._url} cannot answer: {reason}")

    def _not_a_worker(self) -> BackendUnavailable:
        return BackendUnavailable(f"what answers at {self._url} is no stats worker")


def _retry_after_s(refused: HTTPError) -> float:
    text = refused.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else _RETRY_AFTER_S
