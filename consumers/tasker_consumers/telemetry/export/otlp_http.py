"""OTLP over HTTP."""

import asyncio
import gzip
import ssl

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package of their own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.export.http_client import Posts
from tasker_consumers.telemetry.export.otlp_settings import OtlpSettings
from tasker_consumers.telemetry.export.retrying import Answer, Taken
from tasker_schemas.errors import ConfigurationError


class HttpTransport:
    """Posts requests to an OTLP endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        self._settings = settings
        self._tls = _tls(settings)
        self._posts = Posts(settings.endpoint, settings.timeout_s, _taken)

    async def open(self) -> None:
        """See `Transport`."""
        encoding = {"Content-Encoding": "gzip"} if self._settings.gzip else {}
        await self._posts.open({"Content-Type": "application/x-protobuf", **self._settings.headers, **encoding})

    async def close(self) -> None:
        """See `Transport`."""
        await self._posts.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        # Compression of a large request would hold the event loop, and with it the group's heartbeats.
        body = await asyncio.to_thread(gzip.compress, request, 1) if self._settings.gzip else request
        return await self._posts.post(body, self._tls)


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
