"""OpenTelemetry's own variables for OTLP exporters, as one typed value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from tasker_schemas.errors import ConfigurationError

HTTP, GRPC = "http/protobuf", "grpc"
_PORTS = {HTTP: 4318, GRPC: 4317}
_MILLISECONDS = 1000
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpSettings:
    """How to reach an OTLP backend for traces; a certificate, key or authority is a path to a PEM file.

    >>> OtlpSettings.from_env({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}).endpoint
    'http://collector:4318/v1/traces'
    """

    endpoint: str = "http://localhost:4318/v1/traces"
    protocol: str = HTTP
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = _TIMEOUT_S  # for one attempt
    gzip: bool = False
    certificate: str = ""  # authority that the server's certificate is checked against
    client_certificate: str = ""
    client_key: str = ""
    insecure: bool = True  # gRPC only: without TLS

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `OTEL_EXPORTER_OTLP_TRACES_*`, and where one is missing its general `OTEL_EXPORTER_OTLP_*`.

        Raises ConfigurationError that names the variable and what was expected.
        """
        read = _Reader(environ)
        protocol = read.one_of("PROTOCOL", (HTTP, GRPC), HTTP)
        endpoint = _endpoint(read, protocol)
        return cls(
            endpoint=endpoint,
            protocol=protocol,
            headers=read_headers(*read.value("HEADERS")),
            timeout_s=_timeout(*read.value("TIMEOUT")),
            gzip=read.one_of("COMPRESSION", ("gzip", "none"), "none") == "gzip",
            certificate=read.value("CERTIFICATE")[1],
            client_certificate=read.value("CLIENT_CERTIFICATE")[1],
            client_key=read.value("CLIENT_KEY")[1],
            insecure=not endpoint.startswith("https://"),
        )


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def value(self, name: str) -> tuple[str, str]:
        """Return the variable that counts, and its value; an empty one counts as not set."""
        for variable in (f"OTEL_EXPORTER_OTLP_TRACES_{name}", f"OTEL_EXPORTER_OTLP_{name}"):
            if text := self._environ.get(variable, "").strip():
                return variable, text
        return f"OTEL_EXPORTER_OTLP_{name}", ""

    def one_of(self, name: str, known: tuple[str, ...], default: str) -> str:
        variable, text = self.value(name)
        if text and text not in known:
            raise ConfigurationError(f"{variable} is {text!r}; expected {' or '.join(known)}.")
        return text or default


def _endpoint(read: _Reader, protocol: str) -> str:
    variable, text = read.value("ENDPOINT")
    text = text or f"http://localhost:{_PORTS[protocol]}"
    url = text
    if protocol == GRPC and "://" not in text:  # a target in gRPC's own words; then a flag decides on encryption
        plain = read.one_of("INSECURE", ("true", "false"), "false") == "true"
        url = f"{'http' if plain else 'https'}://{text}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise ConfigurationError(f"{variable} is {text!r}; expected a URL like http://localhost:{_PORTS[protocol]}.")
    if protocol == GRPC or variable.endswith("_TRACES_ENDPOINT"):
        return url
    return url.rstrip("/") + "/v1/traces"


def _timeout(variable: str, text: str) -> float:
    if not text:
        return _TIMEOUT_S
    if not text.isdecimal() or int(text) == 0:
        raise ConfigurationError(f"{variable} is {text!r}; expected a whole number of milliseconds above 0.")
    return int(text) / _MILLISECONDS


def read_headers(variable: str, text: str) -> dict[str, str]:
    """Return the headers in a variable's text; raises ConfigurationError for one without a value."""
    headers = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        name, equals, value = pair.partition("=")
        if not (name.strip() and equals):
            raise ConfigurationError(
                f"{variable} has {name!r}; expected name=value,name=value with URL-encoded values."
            )
        headers[unquote(name.strip()).lower()] = unquote(value.strip())
    return headers
