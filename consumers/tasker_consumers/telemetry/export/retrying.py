"""Getting spans or log records to a backend whatever it answers: wait, try again, split, or give up an item.

While nothing at all passes, the backend is away: everything waits, for as long as that takes, and single items of
different traces are tried in turn, so that a bad trace cannot look like an outage. Once others pass, a request that
goes on failing is split, and an item that fails alone goes to the dead letters after a bounded number of tries.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, Protocol

from tasker_consumers.telemetry.export.exporter import ExportResult, Item, Rejection, description_of
from tasker_consumers.telemetry.export.sending.answers import Answer, Then
from tasker_consumers.telemetry.export.sending.parcels import Encoder, Parcel, parcels_of, without_item
from tasker_consumers.telemetry.export.sending.untraced import untraced
from tasker_consumers.telemetry.export.sending.warnings import BackendWarnings

logger = logging.getLogger(__name__)

SPLIT_AFTER = 1  # confirmed failures after which a request of several spans is split when it fails again
GIVE_UP_AFTER = 16  # confirmed failures after which an item that fails alone once more is given up
PROBE_AFTER = 4  # rounds after which a single item is tried at the end of each
_OUTAGE_AFTER = 2  # failures in a row after which the rest of a round is not tried


class Transport(Protocol):
    """Sends a request and returns the backend's answer; never raises for trouble with the backend."""

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
    longest: float = 30.0

    def delay(self, tries: int, requested: float) -> float:
        """Return the wait after so many tries in vain; never less than the backend asked for."""
        doubled = min(self.longest, self.first * 2.0 ** min(tries - 1, 32))
        return max(doubled * random.uniform(0.5, 1.0), requested)  # noqa: S311  spreads load


@dataclass(slots=True)
class _Round(Generic[Item]):
    """A round of tries: each undelivered request is sent once."""

    failed: list[Parcel[Item]] = field(default_factory=list)
    passes: int = 0
    message: str = ""
    asked_s: float = 0.0


class Nouns(NamedTuple):
    """How log lines name the backend, and the items it is sent."""

    backend: str
    items: str


SPANS, LOG_RECORDS = Nouns("trace backend", "spans"), Nouns("log backend", "log records")


class BackendExporter(Generic[Item]):
    """Exports to a backend. It holds its caller until the backend has dealt with every item."""

    def __init__(
        self, transport: Transport, encoder: Encoder[Item], backoff: Backoff = Backoff(), nouns: Nouns = SPANS
    ) -> None:
        self._transport = transport
        self._encoder = encoder
        self._backoff = backoff
        self._ready = True
        self._passes = 0  # requests that the backend took since the start, of all exports
        self._accepted: Item | None = None  # an item that it took; sent again, it shows that the backend lives
        self._nouns = nouns
        self._warnings = BackendWarnings(*nouns)

    @property
    def description(self) -> str:
        """Protocol and endpoint without credentials, for the log."""
        return description_of(self._transport)

    async def start(self) -> None:
        """See `Exporter`."""
        await self._transport.open()

    async def stop(self) -> None:
        """See `Exporter`."""
        await self._transport.close()

    def ready(self) -> bool:
        """See `Exporter`."""
        return self._ready

    async def export(self, items: Sequence[Item]) -> ExportResult[Item]:
        """See `Exporter`."""
        rejections: list[Rejection[Item]] = []
        parcels = parcels_of(self._encoder, items, rejections)
        rounds = barren = 0
        with untraced():
            while parcels:
                rounds += 1
                tried = await self._try_all(parcels, rejections)
                passed = tried.passes > 0
                if tried.failed and (passed or rounds >= PROBE_AFTER):
                    passed |= await self._probe(tried.failed, rounds, rejections)
                parcels = [parcel.confirmed(self._passes) for parcel in tried.failed]
                if parcels:
                    barren = 0 if passed else barren + 1
                    self._ready = passed
                    await self._pause(tried, max(barren, 1), rounds)
        self._ready = True
        return ExportResult(len(items) - sum(rejection.count for rejection in rejections), rejections)

    async def _pause(self, tried: _Round[Item], barren: int, rounds: int) -> None:
        delay = self._backoff.delay(barren, tried.asked_s)
        logger.warning(
            "The %s takes no %s (%s): try %d follows in %.1f s", *self._nouns, tried.message, rounds + 1, delay
        )
        await asyncio.sleep(delay)

    async def _try_all(self, parcels: Sequence[Parcel[Item]], rejections: list[Rejection[Item]]) -> _Round[Item]:
        """Send all requests once, and their halves where that is due; in an outage only the first of them."""
        tried: _Round[Item] = _Round()
        pending = [*reversed(parcels)]
        failures_in_a_row = 0
        while pending:
            parcel = pending.pop()
            answer = await self._transport.send(parcel.request)
            if answer.then is Then.TAKEN:
                failures_in_a_row = 0
                tried.passes += 1
                self._note_taken(parcel, answer, rejections)
                continue
            if answer.then is Then.WAIT:
                failures_in_a_row += 1
                self._ready = self._ready and tried.passes > 0
                tried.message, tried.asked_s = answer.message, max(tried.asked_s, answer.wait_s or 0.0)
            pending += reversed(self._after_failure(parcel, answer, tried, rejections))
            if answer.wait_s or (failures_in_a_row >= _OUTAGE_AFTER and not tried.passes):
                tried.failed = [*reversed(pending), *tried.failed]  # the next round begins with the others
                break
        return tried

    def _after_failure(
        self, parcel: Parcel[Item], answer: Answer, tried: _Round[Item], rejections: list[Rejection[Item]]
    ) -> Sequence[Parcel[Item]]:
        """Return the requests to send at once in place of a failed request; else note it as failed or as rejected."""
        refused = answer.then is Then.SPLIT
        if len(parcel.items) > 1 and (refused or parcel.failures >= SPLIT_AFTER):
            middle = len(parcel.items) // 2
            halves = parcels_of(self._encoder, parcel.items[:middle], rejections)
            halves += parcels_of(self._encoder, parcel.items[middle:], rejections)
            return [replace(half, failures=parcel.failures) for half in halves]
        if len(parcel.items) == 1 and (refused or parcel.failures >= GIVE_UP_AFTER):
            rejections.append(Rejection(1, answer.message, parcel.items))
            return ()
        tried.failed.append(replace(parcel, passes_at_failure=self._passes))
        return ()

    async def _probe(self, parcels: list[Parcel[Item]], turn: int, rejections: list[Rejection[Item]]) -> bool:
        """Try a single item, of another trace in each turn, or an item that was taken before; return whether it passed.

        An item that is taken is left out of its request.
        """
        untried = [parcel for parcel in parcels if not parcel.failures and len(parcel.items) > 1]
        by_trace = {item.trace_id: (parcel, item) for parcel in reversed(untried) for item in reversed(parcel.items)}
        candidates: list[tuple[Parcel[Item] | None, Item]] = [*by_trace.values()]
        if self._accepted is not None:
            candidates.append((None, self._accepted))
        if not candidates:
            return False
        origin, item = candidates[turn % len(candidates)]
        for probe in parcels_of(self._encoder, [item], []):
            answer = await self._transport.send(probe.request)
            if answer.then is not Then.TAKEN:
                return False
            self._note_taken(probe, answer, rejections if origin is not None else [])
            if origin is not None:
                parcels[:] = without_item(self._encoder, parcels, origin, item)
        return True

    def _note_taken(self, parcel: Parcel[Item], answer: Answer, rejections: list[Rejection[Item]]) -> None:
        self._passes += 1
        rejected = min(max(0, answer.rejected), len(parcel.items))
        if rejected:
            message = answer.message or "the backend gave no reason"
            if rejected != answer.rejected:
                message = f"{message} (the backend speaks of {answer.rejected} of {len(parcel.items)} as rejected)"
            rejections.append(Rejection(rejected, message, parcel.items))
        elif answer.message or answer.rejected:
            self._warnings.pass_on(answer.message, answer.rejected)
        if not rejected:
            self._accepted = parcel.items[-1]
