"""Endpoints and headers: a value works or is refused with the reason, and no credential is shown."""

import pytest

from tasker_consumers.telemetry.app import build_exporter
from tasker_consumers.telemetry.export.exporter import description_of
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings, read_headers
from tasker_consumers.telemetry.export.zipkin.http import ZipkinSettings
from tasker_schemas.errors import ConfigurationError

ENDPOINT, HEADERS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("http://c:4318?a=1", "http://c:4318/v1/traces?a=1"),
        ("http://c:4318/otlp/?a=1", "http://c:4318/otlp/v1/traces?a=1"),
        ("http://c:4318/", "http://c:4318/v1/traces"),
        ("https://[::1]:4318", "https://[::1]:4318/v1/traces"),
        ("http://ada:secret@c:4318", "http://c:4318/v1/traces"),
    ],
)
def test_the_path_for_traces_is_added_before_the_query_and_without_credentials(text: str, endpoint: str) -> None:
    assert OtlpSettings.from_env({ENDPOINT: text}).endpoint == endpoint


def test_user_and_password_of_a_url_become_an_authorization_header() -> None:
    assert OtlpSettings.from_env({ENDPOINT: "http://ada:a%40b@c"}).headers == {"authorization": "Basic YWRhOmFAYg=="}
    assert ZipkinSettings.from_env({"OTEL_EXPORTER_ZIPKIN_ENDPOINT": "http://ada:x@z/s"}).headers != {}


@pytest.mark.parametrize("kind", ["otlp", "zipkin"])
def test_no_credential_is_in_what_the_log_says_of_an_exporter(kind: str) -> None:
    url = "http://ada:CANARY@127.0.0.1:9/p?key=CANARY"
    environ = {"OTEL_TRACES_EXPORTER": kind, ENDPOINT: url, "OTEL_EXPORTER_ZIPKIN_ENDPOINT": url}
    assert "127.0.0.1:9/p" in description_of(build_exporter(environ))
    assert "CANARY" not in description_of(build_exporter(environ)) + repr(OtlpSettings.from_env(environ))


@pytest.mark.parametrize("name", [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
@pytest.mark.parametrize(
    "text", ["c:4318x", "http://", "http://c:0", "http://c:4318x", "http://[::1", "ftp://c", "a b"]
)
def test_an_endpoint_that_cannot_work_is_refused_by_its_variable(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} is "):
        OtlpSettings.from_env({name: text})


def test_a_refused_endpoint_is_shown_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as raised:
        OtlpSettings.from_env({ENDPOINT: "ftp://ada:CANARY@c"})
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["x-key=CANARY%0Ab", "x-key=CANARY%00", "x key=CANARY", "=CANARY", "CANARY", "content-length=CANARY"]
)
def test_a_header_that_cannot_be_sent_is_refused_by_its_variable_without_its_value(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{HEADERS}") as raised:
        OtlpSettings.from_env({HEADERS: text})
    assert "CANARY" not in str(raised.value)


@pytest.mark.parametrize("text", ["x-key=%C3%A9", "x-key-bin=a", "grpc-timeout=1", "x!=1"])
def test_a_header_that_only_http_takes_is_refused_for_grpc(text: str) -> None:
    assert read_headers(HEADERS, text)
    with pytest.raises(ConfigurationError, match="gRPC"):
        OtlpSettings.from_env({HEADERS: text, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_two_sources_of_an_authorization_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="keep one of them"):
        OtlpSettings.from_env({ENDPOINT: "http://ada:x@c", HEADERS: "Authorization=Basic%20x"})
