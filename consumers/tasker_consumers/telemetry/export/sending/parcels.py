"""Requests on their way to a backend, each with the spans that are in it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tasker_consumers.telemetry.export.exporter import Rejection
from tasker_consumers.telemetry.spans.span import Span

logger = logging.getLogger(__name__)


class Encoder(Protocol):
    """Puts spans into requests."""

    def requests(self, spans: Sequence[Span]) -> Iterable[tuple[bytes, Sequence[Span]]]:
        """Return requests, each with the spans that are in it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A request, and how often it failed while others passed."""

    request: bytes
    spans: Sequence[Span]
    failures: int = 0  # those after which another request passed, before any pause
    passes_at_failure: int | None = None  # the exporter's count of passes when the request failed last

    def confirmed(self, passes: int) -> "Parcel":
        """Return the request with its last failure counted, if another request passed after it.

        A backend that merely limits the rate takes no later request in place of an earlier request.
        """
        if self.passes_at_failure is None:
            return self
        passed_later = passes > self.passes_at_failure
        return replace(self, failures=self.failures + passed_later, passes_at_failure=None)


def parcels_of(encoder: Encoder, spans: Sequence[Span], rejections: list[Rejection]) -> list[Parcel]:
    """Return the requests for spans; a span that cannot be written is added to the rejections, and the others go on."""
    try:
        return [Parcel(request, within) for request, within in encoder.requests(spans)]
    except Exception as error:  # whatever a span holds costs this span, never the worker
        if len(spans) == 1:
            logger.exception("Span %s of trace %s cannot be written", spans[0].span_id, spans[0].trace_id)
            rejections.append(Rejection(1, f"the span cannot be written: {error}", spans))
            return []
        middle = len(spans) // 2
        return parcels_of(encoder, spans[:middle], rejections) + parcels_of(encoder, spans[middle:], rejections)


def without_span(encoder: Encoder, parcels: Sequence[Parcel], origin: Parcel, span: Span) -> list[Parcel]:
    """Return the requests without a span of the request `origin`."""
    remaining = [part for part in origin.spans if part is not span]
    changed = parcels_of(encoder, remaining, []) if remaining else []
    changed = [replace(parcel, passes_at_failure=origin.passes_at_failure) for parcel in changed]
    return [part for parcel in parcels for part in (changed if parcel is origin else [parcel])]
