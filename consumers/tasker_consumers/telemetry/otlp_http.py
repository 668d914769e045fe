"""OTLP over HTTP."""

import asyncio
import gzip
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package of their own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.delivery import Answer, Busy, Refused, Taken
from tasker_consumers.telemetry.otlp_settings import OtlpSettings
from tasker_schemas.errors import ConfigurationError

_OK = range(200, 300)
_TRY_AGAIN = {408, 429, 500, 502, 503, 504}
# A wrong key or path refuses everything alike: that is the operator's to mend, no reason to lose a span.
_MISCONFIGURED = {401, 403, 404, 405}
_WORDS = 500  # characters of the backend's own words that are kept


class HttpTransport:
    """Posts requests to an OTLP endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        self._settings = settings
        self._ssl = _tls(settings)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """See `Transport`."""
        headers = {"Content-Type": "application/x-protobuf", **self._settings.headers}
        if self._settings.gzip:
            headers["Content-Encoding"] = "gzip"
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, trust_env=True)

    async def close(self) -> None:
        """See `Transport`."""
        if self._session is not None:
            await self._session.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        assert self._session is not None, "opened before the first request"
        # Compression of a large request would hold the event loop, and with it the group's heartbeats.
        body = await asyncio.to_thread(gzip.compress, request, 1) if self._settings.gzip else request
        try:
            async with self._session.post(self._settings.endpoint, data=body, ssl=self._ssl) as response:
                return _answer(response, await response.read())
        except TimeoutError:
            return Busy(f"{self._settings.endpoint} gave no answer within {self._settings.timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return Busy(f"{self._settings.endpoint}: {error}")


def _answer(response: aiohttp.ClientResponse, body: bytes) -> Answer:
    if response.status in _OK:
        return _taken(body)
    words = f"HTTP {response.status}: {body[:_WORDS].decode(errors='replace') or response.reason}"
    if response.status in _TRY_AGAIN or response.status in _MISCONFIGURED:
        return Busy(words, _retry_after(response.headers.get("Retry-After", "")))
    return Refused(words)


def _taken(body: bytes) -> Taken:
    try:
        partial = ExportTraceServiceResponse.FromString(body).partial_success
    except DecodeError:
        return Taken()  # some backends answer 200 with a word of their own
    return Taken(partial.rejected_spans, partial.error_message)


def _retry_after(text: str) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date; None for neither.

    >>> _retry_after("3"), _retry_after("soon")
    (3.0, None)
    """
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _tls(settings: OtlpSettings) -> ssl.SSLContext | bool:
    if not (settings.certificate or settings.client_certificate):
        return True
    try:
        context = ssl.create_default_context(cafile=settings.certificate or None)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate, settings.client_key or None)
    except OSError as error:  # also an unusable certificate
        raise ConfigurationError(f"The certificates for {settings.endpoint} cannot be read: {error}.") from error
    return context
