"""The list of tasks as it changes: a stream of rendered rows for each viewer, rendered once for all that see the same.

A viewer holds no queue: it gets the rows as they are when it is ready for them, at most once a second.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from tasker_consumers.web.routes.tasks import list_model
from tasker_consumers.web.site import Site, site_of
from tasker_consumers.web.views.task_list import ListQuery

#: Streams at the same time, lists that are kept rendered, and seconds after which a stream ends: browsers come back.
MOST_VIEWERS, _MOST_LISTS, _LONGEST_S = 500, 64, 900.0
#: Seconds between two looks, and of silence after which a line is sent: proxies cut what is silent.
_EVERY_S, _SILENCE_S = 1.0, 15.0


class Rows(NamedTuple):
    """The rendered rows of a list as an event of the stream, with the id by which a browser names it."""

    id: str
    event: bytes


class LiveLists:
    """Renders lists of tasks for all viewers; `viewers` counts the open streams, `ending` set ends all of them."""

    def __init__(self) -> None:
        self.viewers = 0
        self.ending = asyncio.Event()
        self._lists: OrderedDict[str, tuple[object, float, Rows]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def rows(self, site: Site, query: ListQuery) -> Rows:
        """Return the present rows of a list, rendered at most once a second while tasks change."""
        key, version = query.address(), (site.sources.live.version, site.sources.trouble)
        async with self._lock:
            entry = self._lists.get(key)
            if entry is not None and (entry[0] == version or time.monotonic() - entry[1] < _EVERY_S):
                return entry[2]
            rows = await run_in_threadpool(_render, site, query)
            self._lists[key] = version, time.monotonic(), rows
            self._lists.move_to_end(key)
            while len(self._lists) > _MOST_LISTS:
                self._lists.popitem(last=False)
        return rows


def _render(site: Site, query: ListQuery) -> Rows:
    model = list_model(site, query)
    html = site.render("task_rows.html", rows=model["rows"], stopped=model["stopped"])
    digest = sha256(html.encode()).hexdigest()[:16]
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return Rows(digest, f"id: {digest}\n{lines}\n".encode())


async def tasks_live(request: Request) -> Response:
    """Stream the rows of a list whenever they change."""
    site, lists = site_of(request), lists_of(request)
    query = ListQuery.of(request.query_params, request.query_params.getlist("status"))
    if lists.viewers >= MOST_VIEWERS:
        headers = {"Retry-After": "30"}
        return PlainTextResponse("too many open lists\n", HTTPStatus.SERVICE_UNAVAILABLE, headers)
    stream = _stream(site, lists, query, request.headers.get("last-event-id", ""))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(site: Site, lists: LiveLists, query: ListQuery, last_id: str) -> AsyncIterator[bytes]:
    lists.viewers += 1
    try:
        began = sent = time.monotonic()
        yield b"retry: 2000\n: tasks as they change\n\n"
        while time.monotonic() - began < _LONGEST_S and not lists.ending.is_set():
            rows = await lists.rows(site, query)
            if rows.id != last_id:
                last_id, sent = rows.id, time.monotonic()
                yield rows.event
            elif time.monotonic() - sent > _SILENCE_S:
                sent = time.monotonic()
                yield b": nothing changed\n\n"
            with suppress(TimeoutError):
                await asyncio.wait_for(lists.ending.wait(), _EVERY_S)
    finally:
        lists.viewers -= 1


def lists_of(request: Request) -> LiveLists:
    """Return the lists that all viewers of an application share."""
    lists: LiveLists = request.app.state.lists
    return lists
