"""OpenTelemetry's variables as the exporter reads them."""

from pathlib import Path

import pytest

from tasker_consumers.telemetry.app import Backend, build_exporter
from tasker_consumers.telemetry.export.console import ConsoleExporter
from tasker_consumers.telemetry.export.file_exporter import FileExporter
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.resource import resource_attributes
from tasker_consumers.telemetry.export.retrying import BackendExporter
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.variables import with_files
from tasker_schemas.errors import ConfigurationError

PREFIX = "OTEL_EXPORTER_OTLP_"


def read(**variables: str) -> OtlpSettings:
    return OtlpSettings.from_env({PREFIX + name: value for name, value in variables.items()})


def test_without_variables_spans_go_over_http_to_this_machine() -> None:
    assert read() == OtlpSettings()


def test_a_general_endpoint_gets_the_path_and_one_for_traces_stays_as_it_is() -> None:
    assert read(ENDPOINT="https://collector/base/").endpoint == "https://collector/base/v1/traces"
    assert read(ENDPOINT="http://a:1", TRACES_ENDPOINT="http://b:2/x").endpoint == "http://b:2/x"


def test_grpc_has_its_own_port_and_no_path() -> None:
    assert read(PROTOCOL="grpc").endpoint == "http://localhost:4317"


def test_the_scheme_decides_whether_grpc_is_encrypted() -> None:
    assert read(PROTOCOL="grpc", ENDPOINT="http://a:1").insecure
    assert not read(PROTOCOL="grpc", ENDPOINT="https://a:1").insecure


def test_a_grpc_target_without_a_scheme_is_encrypted_unless_a_flag_says_otherwise() -> None:
    assert not read(PROTOCOL="grpc", ENDPOINT="collector:4317").insecure
    settings = read(PROTOCOL="grpc", ENDPOINT="collector:4317", INSECURE="true")
    assert (settings.endpoint, settings.insecure) == ("http://collector:4317", True)


def test_headers_are_decoded_and_timeouts_are_milliseconds() -> None:
    settings = read(HEADERS="api-key=a%20b, X-Team = shop", TIMEOUT="2500", COMPRESSION="gzip")
    assert settings.headers == {"api-key": "a b", "x-team": "shop"}
    assert (settings.timeout_s, settings.gzip) == (2.5, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENDPOINT", "collector"),
        ("ENDPOINT", "http://collector:port"),
        ("TRACES_PROTOCOL", "http/json"),
        ("TRACES_INSECURE", "perhaps"),
        ("TIMEOUT", "soon"),
        ("TIMEOUT", "0"),
        ("COMPRESSION", "zstd"),
        ("TRACES_HEADERS", "no value"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{PREFIX}{name} .*; expected "):
        read(**({"PROTOCOL": "grpc", "ENDPOINT": "a:1"} if "INSECURE" in name else {}), **{name: value})


def test_certificates_that_cannot_be_read_are_a_setting_to_mend(tmp_path: Path) -> None:
    for protocol in ("grpc", "http/protobuf"):
        variables = {"PROTOCOL": protocol, "ENDPOINT": "https://a", "CERTIFICATE": str(tmp_path / "none.pem")}
        with pytest.raises(ConfigurationError, match=r"certificates for https://a.* cannot be read"):
            build_exporter({PREFIX + name: value for name, value in variables.items()})


def test_the_resource_is_named_by_opentelemetrys_variables() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=a,team=x%2Cy", "OTEL_SERVICE_NAME": "b"}
    assert resource_attributes(environ).items() >= {"service.name": "b", "team": "x,y"}.items()
    with pytest.raises(ConfigurationError, match="OTEL_RESOURCE_ATTRIBUTES"):
        resource_attributes({"OTEL_RESOURCE_ATTRIBUTES": "nonsense"})


def test_the_exporter_follows_the_choice_and_the_environment(tmp_path: Path) -> None:
    file = {"TASKER_TELEMETRY_FILE": str(tmp_path / "spans")}
    assert isinstance(build_exporter({}), BackendExporter)
    assert isinstance(build_exporter(file), FileExporter)
    assert isinstance(build_exporter(file, Backend.CONSOLE), ConsoleExporter)
    with pytest.raises(ConfigurationError, match="TASKER_TELEMETRY_FILE is not set"):
        build_exporter({}, Backend.FILE)


def test_an_api_key_can_come_from_a_file_and_so_can_our_own_settings(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x-team=shop%20one\n")
    (tmp_path / "ratio").write_text("0.25\n")
    environ = with_files(
        {
            "OTEL_EXPORTER_OTLP_HEADERS_FILE": str(tmp_path / "key"),
            "TASKER_TELEMETRY_SAMPLE_RATIO_FILE": str(tmp_path / "ratio"),
        }
    )
    assert OtlpSettings.from_env(environ).headers == {"x-team": "shop one"}
    assert Policy.from_env(environ).ratio == 0.25


def test_variables_that_merely_end_like_those_of_a_file_are_left_alone() -> None:
    environ = {"TASKER_TELEMETRY_FILE": "spans", "OTEL_CONFIG_FILE": "absent", "OTEL_EXPORTER_OTLP_HEADERS_FILE": " "}
    assert with_files(environ) == {"TASKER_TELEMETRY_FILE": "spans", "OTEL_CONFIG_FILE": "absent"}


def test_a_file_that_cannot_be_read_or_a_variable_given_twice_is_named(tmp_path: Path) -> None:
    name = PREFIX + "HEADERS"
    with pytest.raises(ConfigurationError, match=rf"{name}_FILE is .*; expected a readable file"):
        build_exporter({f"{name}_FILE": str(tmp_path / "absent")})
    with pytest.raises(ConfigurationError, match=f"{name} and {name}_FILE are both set"):
        build_exporter({name: "a=b", f"{name}_FILE": "key"})
