"""Getting requests to a backend whatever it says: wait, try again, split, or give up on a span."""

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tasker_consumers.telemetry.export.exporter import ExportResult, Rejection
from tasker_consumers.telemetry.export.untraced import untraced
from tasker_consumers.telemetry.spans.span import Span

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """The backend took the request, all but `rejected` spans of it."""

    rejected: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """The backend is not to be had now; `after` is how long it asks to wait, in seconds."""

    words: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The backend will never take this request as it is."""

    words: str


Answer = Taken | Busy | Refused


class Transport(Protocol):
    """Sends one request and says what came of it; never raises for trouble with the backend."""

    async def open(self) -> None:
        """Open the connection."""

    async def close(self) -> None:
        """Close it."""

    async def send(self, request: bytes) -> Answer:
        """Send an encoded request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before the next try, in seconds; doubles each time."""

    first: float = 0.5
    most: float = 30.0

    def delay(self, tries: int, asked: float | None) -> float:
        """Return the wait after so many tries in vain; what the backend asked for is the least."""
        own = min(self.most, self.first * 2.0 ** min(tries - 1, 32)) * random.uniform(0.5, 1.0)  # noqa: S311  spreads load
        return max(own, asked or 0.0)


class Encoder(Protocol):
    """Puts spans into requests."""

    def requests(self, spans: Sequence[Span]) -> Iterable[tuple[bytes, Sequence[Span]]]:
        """Return requests, each with the spans that are in it."""


class BackendExporter:
    """Exports to one backend. It holds its caller until the backend has dealt with every span."""

    def __init__(self, transport: Transport, encoder: Encoder, backoff: Backoff = Backoff()) -> None:
        self._transport = transport
        self._encoder = encoder
        self._backoff = backoff
        self._ready = True

    async def start(self) -> None:
        """See `Exporter`."""
        await self._transport.open()

    async def stop(self) -> None:
        """See `Exporter`."""
        await self._transport.close()

    def ready(self) -> bool:
        """See `Exporter`."""
        return self._ready

    async def export(self, spans: Sequence[Span]) -> ExportResult:
        """See `Exporter`."""
        rejections: list[Rejection] = []
        with untraced():
            for request, some in self._encoder.requests(spans):
                rejections += await self._deliver(request, some)
        return ExportResult(len(spans) - sum(rejection.count for rejection in rejections), rejections)

    async def _deliver(self, request: bytes, spans: Sequence[Span]) -> list[Rejection]:
        answer = await self._answer(request)
        if isinstance(answer, Taken):
            return [Rejection(answer.rejected, answer.words, spans)] if answer.rejected else []
        if len(spans) == 1:
            return [Rejection(1, answer.words, spans)]
        # One span spoils the request: halves find it in a few tries, and the others get through.
        middle = len(spans) // 2
        rejections = []
        for half in (spans[:middle], spans[middle:]):
            for part, some in self._encoder.requests(half):
                rejections += await self._deliver(part, some)
        return rejections

    async def _answer(self, request: bytes) -> Taken | Refused:
        """Send until the backend takes or refuses it."""
        tries = 0
        while isinstance(answer := await self._transport.send(request), Busy):
            tries += 1
            self._ready = False
            delay = self._backoff.delay(tries, answer.after)
            logger.warning("The trace backend is not to be had (%s): try %d in %.1f s", answer.words, tries + 1, delay)
            await asyncio.sleep(delay)
        self._ready = True
        return answer
