"""Posting to a backend over HTTP: what its answers mean for a request, and what no answer means."""

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from tasker_consumers.telemetry.export.retrying import Answer, Busy, Refused, Taken

_OK = range(200, 300)
# 500 too: many backends say it when their own storage is away, and to wait loses nothing.
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
# A wrong key or path refuses everything alike: that is the operator's to mend, no reason to lose a span.
_MISCONFIGURED = {401, 403, 404, 405}
_WORDS = 500  # characters of the backend's own words that are kept


class Posts:
    """Posts bodies to one endpoint; `taken` reads what the backend says when it has taken one."""

    def __init__(self, endpoint: str, timeout_s: float, taken: Callable[[bytes], Taken]) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._taken = taken
        self._session: aiohttp.ClientSession | None = None

    async def open(self, headers: Mapping[str, str]) -> None:
        """Make ready; `headers` go with every request."""
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def post(self, body: bytes, tls: ssl.SSLContext | bool = True) -> Answer:
        """Post a body, and return what came of it."""
        assert self._session is not None, "opened before the first request"
        try:
            async with self._session.post(self._endpoint, data=body, ssl=tls) as response:
                words = await response.read()
                return self._taken(words) if response.status in _OK else _busy_or_refused(response, words)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return _unreachable(self._endpoint, self._timeout_s, error)


def _busy_or_refused(response: aiohttp.ClientResponse, body: bytes) -> Busy | Refused:
    words = f"HTTP {response.status}: {body[:_WORDS].decode(errors='replace') or response.reason}"
    if response.status in _TRY_AGAIN or response.status in _MISCONFIGURED:
        return Busy(words, retry_after(response.headers.get("Retry-After", "")))
    return Refused(words)


def _unreachable(endpoint: str, timeout_s: float, error: Exception) -> Busy:
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
