"""OTLP over HTTP."""

import asyncio
import gzip
import ssl

import aiohttp
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package of their own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.export.delivery import Answer, Taken
from tasker_consumers.telemetry.export.http_answers import busy_or_refused, unreachable
from tasker_consumers.telemetry.export.otlp_settings import OtlpSettings
from tasker_schemas.errors import ConfigurationError

_OK = range(200, 300)


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
                body = await response.read()
                return _taken(body) if response.status in _OK else busy_or_refused(response, body)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return unreachable(self._settings.endpoint, self._settings.timeout_s, error)


def _taken(body: bytes) -> Taken:
    try:
        partial = ExportTraceServiceResponse.FromString(body).partial_success
    except DecodeError:
        return Taken()  # some backends answer 200 with a word of their own
    return Taken(partial.rejected_spans, partial.error_message)


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
