"""Requests on their way to a backend, each with the spans or log records that are in it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol

from tasker_consumers.telemetry.export.exporter import Item, Rejection

logger = logging.getLogger(__name__)


class Encoder(Protocol[Item]):
    """Puts items into requests."""

    def requests(self, items: Sequence[Item]) -> Iterable[tuple[bytes, Sequence[Item]]]:
        """Return requests, each with the items that are in it."""


@dataclass(frozen=True, slots=True)
class Parcel(Generic[Item]):
    """A request, and how often it failed while others passed."""

    request: bytes
    items: Sequence[Item]
    failures: int = 0  # those after which another request passed, before any pause
    passes_at_failure: int | None = None  # the exporter's count of passes when the request failed last

    def confirmed(self, passes: int) -> "Parcel[Item]":
        """Return the request with its last failure counted, if another request passed after it.

        A backend that merely limits the rate takes no later request in place of an earlier request.
        """
        if self.passes_at_failure is None:
            return self
        passed_later = passes > self.passes_at_failure
        return replace(self, failures=self.failures + passed_later, passes_at_failure=None)


def parcels_of(encoder: Encoder[Item], items: Sequence[Item], rejections: list[Rejection[Item]]) -> list[Parcel[Item]]:
    """Return the requests for items; an item that cannot be written joins the rejections, and the others go on."""
    try:
        return [Parcel(request, within) for request, within in encoder.requests(items)]
    except Exception as error:  # whatever an item holds costs this item, never the worker
        if len(items) == 1:
            kind = type(items[0]).__name__
            logger.exception("%s %s of trace %s cannot be written", kind, items[0].span_id, items[0].trace_id)
            rejections.append(Rejection(1, f"it cannot be written: {error}", items))
            return []
        middle = len(items) // 2
        return parcels_of(encoder, items[:middle], rejections) + parcels_of(encoder, items[middle:], rejections)


def without_item(
    encoder: Encoder[Item], parcels: Sequence[Parcel[Item]], origin: Parcel[Item], item: Item
) -> list[Parcel[Item]]:
    """Return the requests without an item of the request `origin`."""
    remaining = [part for part in origin.items if part is not item]
    changed = parcels_of(encoder, remaining, []) if remaining else []
    changed = [replace(parcel, passes_at_failure=origin.passes_at_failure) for parcel in changed]
    return [part for parcel in parcels for part in (changed if parcel is origin else [parcel])]
