"""What an HTTP backend's answers mean for a request, and what no answer means."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from tasker_consumers.telemetry.export.delivery import Busy, Refused

# 500 too: many backends say it when their own storage is away, and to wait loses nothing.
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
# A wrong key or path refuses everything alike: that is the operator's to mend, no reason to lose a span.
_MISCONFIGURED = {401, 403, 404, 405}
_WORDS = 500  # characters of the backend's own words that are kept


def busy_or_refused(response: aiohttp.ClientResponse, body: bytes) -> Busy | Refused:
    """Return what an answer other than success means."""
    words = f"HTTP {response.status}: {body[:_WORDS].decode(errors='replace') or response.reason}"
    if response.status in _TRY_AGAIN or response.status in _MISCONFIGURED:
        return Busy(words, retry_after(response.headers.get("Retry-After", "")))
    return Refused(words)


def unreachable(endpoint: str, timeout_s: float, error: Exception) -> Busy:
    """Return what it means that there was no answer."""
    if isinstance(error, TimeoutError):
        return Busy(f"{endpoint} gave no answer within {timeout_s:g} s")
    return Busy(f"{endpoint}: {error}")


def retry_after(text: str) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date; None for neither.

    >>> retry_after("3"), retry_after("soon")
    (3.0, None)
    """
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
