"""Viewers of the live list: streams of server-sent events, each read as a browser reads it, or not at all."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

_NEWEST = re.compile(rb'id="t-task-(\d+)"')
#: A rendered list is a few lines; none is longer.
_LINE_BYTES = 1 << 20


@dataclass(slots=True)
class Viewer:
    """An open list: the times of its updates, and the seconds by which each lagged behind its newest task."""

    updates: list[float] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)


class Viewers:
    """Any number of open lists in a thread of their own; `begins` has when each task began, by its number."""

    def __init__(self, address: str, begins: Sequence[float]) -> None:
        self._address = urlsplit(address)
        self._begins = begins
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._streams: list[asyncio.Future[None]] = []
        self.viewers: list[Viewer] = []

    def open(self, count: int, *, stalled: int = 0) -> None:
        """Open `count` lists, and `stalled` others that are never read."""
        self._thread.start()
        self.viewers = [Viewer() for _ in range(count)]
        asyncio.run_coroutine_threadsafe(self._open_all(stalled), self._loop).result()

    def close(self) -> None:
        """Close all streams."""
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open_all(self, stalled: int) -> None:
        readers = [await self._connect() for _ in self.viewers]
        self._streams = [
            asyncio.ensure_future(self._read(*connection, viewer))
            for connection, viewer in zip(readers, self.viewers, strict=True)
        ]
        self._idle = [await self._connect() for _ in range(stalled)]
        for _, writer in self._idle:
            cast("asyncio.Transport", writer.transport).pause_reading()

    async def _close_all(self) -> None:
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)
        for _, writer in self._idle:
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._address.hostname, self._address.port
        reader, writer = await asyncio.open_connection(host, port, limit=_LINE_BYTES)
        writer.write(f"GET /tasks-live HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
        return reader, writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, viewer: Viewer) -> None:
        is_first_row = False
        try:
            async for line in reader:
                if line.startswith(b"id: "):
                    viewer.updates.append(time.monotonic())
                    is_first_row = True
                elif is_first_row and (match := _NEWEST.search(line)):
                    viewer.lags_s.append(time.monotonic() - self._begins[int(match[1])])
                    is_first_row = False
        finally:
            writer.transport.abort()


@contextmanager
def open_viewers(address: str, begins: Sequence[float], count: int, stalled: int) -> Iterator[Viewers]:
    """Yield open lists, and close them after the block."""
    viewers = Viewers(address, begins)
    viewers.open(count, stalled=stalled)
    try:
        yield viewers
    finally:
        viewers.close()
