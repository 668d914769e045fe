"""OTLP over gRPC; requests go as the bytes they are."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.export.otlp_settings import OtlpSettings
from tasker_consumers.telemetry.export.retrying import Answer, Busy, Refused, Taken
from tasker_schemas.errors import ConfigurationError

_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
# What OTLP calls retryable, and what is the operator's to mend: neither is a reason to lose a span.
_TRY_AGAIN = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
}


class GrpcTransport:
    """Calls the trace service of an OTLP endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        self._settings = settings
        self._target = urlsplit(settings.endpoint).netloc
        self._credentials = None if settings.insecure else _credentials(settings)
        self._channel: Any = None
        self._export: Any = None

    async def open(self) -> None:
        """See `Transport`."""
        compression = grpc.Compression.Gzip if self._settings.gzip else grpc.Compression.NoCompression
        if self._credentials is None:
            self._channel = grpc.aio.insecure_channel(self._target, compression=compression)
        else:
            self._channel = grpc.aio.secure_channel(self._target, self._credentials, compression=compression)
        self._export = self._channel.unary_unary(
            _METHOD, request_serializer=bytes, response_deserializer=ExportTraceServiceResponse.FromString
        )

    async def close(self) -> None:
        """See `Transport`."""
        if self._channel is not None:
            await self._channel.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        metadata = tuple(self._settings.headers.items())
        try:
            response = await self._export(request, timeout=self._settings.timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return _answer(error)
        partial = response.partial_success
        return Taken(partial.rejected_spans, partial.error_message)


def _answer(error: grpc.aio.AioRpcError) -> Answer:
    words = f"gRPC {error.code().name}: {error.details()}"
    # A message beyond the server's limit is refused with the code of a server that is short of memory.
    too_large = error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in (error.details() or "")
    if too_large or error.code() not in _TRY_AGAIN:
        return Refused(words)
    return Busy(words, _retry_after(error))


def _retry_after(error: grpc.aio.AioRpcError) -> float | None:
    """Return the seconds that the backend's RetryInfo asks for."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            for detail in Status.FromString(value).details:
                info = RetryInfo()
                if detail.Unpack(info):
                    return float(info.retry_delay.ToTimedelta().total_seconds())
    return None


def _credentials(settings: OtlpSettings) -> grpc.ChannelCredentials:
    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if path else None

    try:
        return grpc.ssl_channel_credentials(
            read(settings.certificate), read(settings.client_key), read(settings.client_certificate)
        )
    except OSError as error:
        raise ConfigurationError(f"The certificates for {settings.endpoint} cannot be read: {error}.") from error
