"""OpenTelemetry's own variables for OTLP exporters, as a typed value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from tasker_consumers.telemetry.export.otlp.signals import TRACES, Signal
from tasker_consumers.telemetry.export.sending.endpoint import Endpoint, read_endpoint, with_path
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

HTTP, GRPC = "http/protobuf", "grpc"
_PORTS = {HTTP: 4318, GRPC: 4317}
_MILLISECONDS = 1000
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpSettings:
    """How to reach an OTLP backend for a signal; a certificate, key or authority is a path to a PEM file.

    >>> OtlpSettings.from_env({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}).endpoint
    'http://collector:4318/v1/traces'
    """

    endpoint: str = field(default="http://localhost:4318/v1/traces", repr=False)  # its query can hold a key
    protocol: str = HTTP
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # they hold keys
    timeout_s: float = _TIMEOUT_S  # for each attempt
    gzip: bool = False
    certificate: str = ""  # authority that the server's certificate is checked against
    client_certificate: str = ""
    client_key: str = ""
    insecure: bool = True  # gRPC only: without TLS
    signal: Signal = TRACES

    @classmethod
    def from_env(cls, environ: Mapping[str, str], signal: Signal = TRACES) -> Self:
        """Read `OTEL_EXPORTER_OTLP_TRACES_*` or `_LOGS_*`; where a variable is missing, the general form counts.

        Raises ConfigurationError that names the variable and the expected values.
        """
        read = _Reader(environ, signal)
        protocol = read.one_of("PROTOCOL", (HTTP, GRPC), HTTP)
        url, authorization = _endpoint(read, protocol)
        variable, text = read.value("HEADERS")
        headers = read_headers(variable, text, for_grpc=protocol == GRPC)
        if authorization and "authorization" in headers:
            raise ConfigurationError(
                f"{variable} has an authorization, and {read.value('ENDPOINT')[0]} has a user and a password: "
                "keep one of them."
            )
        return cls(
            endpoint=url,
            protocol=protocol,
            headers={**headers, "authorization": authorization} if authorization else headers,
            timeout_s=_timeout(*read.value("TIMEOUT")),
            gzip=read.one_of("COMPRESSION", ("gzip", "none"), "none") == "gzip",
            certificate=read.value("CERTIFICATE")[1],
            client_certificate=read.value("CLIENT_CERTIFICATE")[1],
            client_key=read.value("CLIENT_KEY")[1],
            insecure=not url.startswith("https://"),
            signal=signal,
        )


class _Reader:
    def __init__(self, environ: Mapping[str, str], signal: Signal) -> None:
        self._environ = environ
        self.signal = signal

    def value(self, name: str) -> tuple[str, str]:
        """Return the variable that counts, and its value; an empty variable counts as not set."""
        for variable in (f"OTEL_EXPORTER_OTLP_{self.signal.variable}_{name}", f"OTEL_EXPORTER_OTLP_{name}"):
            if text := environment.text(self._environ, variable):
                return variable, text
        return f"OTEL_EXPORTER_OTLP_{name}", ""

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        variable, text = self.value(name)
        if text and text not in choices:
            raise ConfigurationError(f"{variable} is {text!r}; expected {' or '.join(choices)}.")
        return text or default


def _endpoint(read: _Reader, protocol: str) -> Endpoint:
    variable, text = read.value("ENDPOINT")
    text = text or f"http://localhost:{_PORTS[protocol]}"
    url = text
    if protocol == GRPC and "://" not in text:  # a target in gRPC's own words; then a flag decides on encryption
        plain = read.one_of("INSECURE", ("true", "false"), "false") == "true"
        url = f"{'http' if plain else 'https'}://{text}"
    endpoint = read_endpoint(variable, url, f"http://localhost:{_PORTS[protocol]}")
    if protocol == GRPC or variable.endswith(f"_{read.signal.variable}_ENDPOINT"):
        return endpoint
    return endpoint._replace(url=with_path(endpoint.url, read.signal.path))


def _timeout(variable: str, text: str) -> float:
    if not text:
        return _TIMEOUT_S
    if not text.isdecimal() or int(text) == 0:
        raise ConfigurationError(f"{variable} is {text!r}; expected a whole number of milliseconds above 0.")
    return int(text) / _MILLISECONDS


def read_headers(variable: str, text: str, *, for_grpc: bool = False) -> dict[str, str]:
    """Return the headers in a variable's text; gRPC takes less than HTTP does.

    Raises ConfigurationError for a header that cannot be sent. The message never holds a value, which may be a key.
    """
    headers = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()).lower(), unquote(value.strip())
        if not equals:
            raise ConfigurationError(f"{variable} has a header without a value; expected {_EXPECTED}.")
        if fault := _fault_of(name, value, for_grpc=for_grpc):
            raise ConfigurationError(f"{variable}: {fault}; expected {_EXPECTED}.")
        headers[name] = value
    return headers


_EXPECTED = "name=value,name=value with URL-encoded values"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_GRPC_KEY = re.compile(r"[0-9a-z_.-]+")
# These describe the request itself, and are ours to set.
_FRAMING = frozenset({"connection", "content-length", "content-type", "content-encoding", "host", "transfer-encoding"})


def _fault_of(name: str, value: str, *, for_grpc: bool) -> str:
    if _TOKEN.fullmatch(name) is None:
        return f"{name!r} is no name of a header"
    if name in _FRAMING:
        return f"the header {name!r} is the exporter's own"
    if not all(character == "\t" or character.isprintable() for character in value):
        return f"the value of {name!r} has a line break or another control character"
    return _fault_for_grpc(name, value) if for_grpc else ""


def _fault_for_grpc(name: str, value: str) -> str:
    if _GRPC_KEY.fullmatch(name) is None or name.startswith("grpc-") or name.endswith("-bin"):
        return f"gRPC does not take the header {name!r}"
    if not value.isascii() or "\t" in value:
        return f"gRPC takes ASCII only, and the value of {name!r} has more"
    return ""
