"""What is made of a registry's settings and of its answers, whatever they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import OpenerDirector

import pytest
from opentelemetry import context

from tasker_consumers.settings import ConsumerSettings
from tasker_producer import ProducerSettings
from tasker_schemas.avro.versions import latest
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.registry.client import IncompatibleSchema, SchemaRegistry
from tasker_schemas.registry.lookup import CachedLookup, open_lookup
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.kafka.certificates import Authority
from tests.support.processes import eventually
from tests.support.registry.odd import OddRegistry, odd_registry

SCHEMA = latest("CustomEvent")
ADDRESS = {"SCHEMA_REGISTRY_URL": "https://registry:8081/"}


@pytest.fixture
def odd() -> Iterator[OddRegistry]:
    with odd_registry() as registry:
        yield registry


def asking(odd: OddRegistry) -> SchemaRegistry:
    return SchemaRegistry(RegistrySettings(url=odd.url))


def test_producers_and_consumers_read_the_same_settings(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("alice:secret\n")
    environ = {**ADDRESS, "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO_FILE": str(tmp_path / "login")}
    expected = RegistrySettings(url="https://registry:8081", user_info="alice:secret")
    assert ProducerSettings.from_env(environ).registry == expected
    assert ConsumerSettings.from_env(environ).registry == expected


def test_without_an_address_there_is_no_registry_and_no_lookup() -> None:
    assert RegistrySettings.from_env({"SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO": "a:b"}) is None
    assert open_lookup(None) is None


def test_a_login_in_the_address_is_used_and_never_shown() -> None:
    settings = RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": "http://alice:s%40crt@registry:8081/v7"})
    assert settings is not None
    assert (settings.url, settings.user_info) == ("http://registry:8081/v7", "alice:s@crt")
    assert "s@crt" not in repr(settings)


@pytest.mark.parametrize("url", ["registry:8081", "ftp://registry", "http://", "http://registry:none", "http://a:b@"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"SCHEMA_REGISTRY_URL is .*; expected addresses like https://registry:8081"
    ):
        RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": url})


def test_a_flag_that_is_none_and_a_certificate_that_is_missing_are_named() -> None:
    with pytest.raises(ConfigurationError, match="SCHEMA_REGISTRY_AUTO_REGISTER is 'maybe'; expected true or false"):
        RegistrySettings.from_env({**ADDRESS, "SCHEMA_REGISTRY_AUTO_REGISTER": "maybe"})
    with pytest.raises(ConfigurationError, match="SCHEMA_REGISTRY_SSL_"):
        SchemaRegistry(RegistrySettings(url="https://registry", ca_location="/nowhere"))


def test_a_login_is_sent_as_basic_authentication(odd: OddRegistry) -> None:
    odd.says({"id": 5})
    assert SchemaRegistry(RegistrySettings(url=odd.url, user_info="alice:secret")).look_up("a/b", SCHEMA) == 5
    assert odd.asked == [("POST", "/subjects/a%2Fb", "Basic YWxpY2U6c2VjcmV0")]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>nginx</html>"),
        (404, b'{"error_code": 404, "message": "HTTP 404 Not Found"}'),
        (401, b""),
        (403, b"{}"),
        (429, b"{}"),
        (500, b"{}"),
        (599, b"{}"),
        (200, b"<html>welcome</html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"id": "x"}'),
    ],
)
def test_who_does_not_answer_as_a_registry_counts_as_unavailable(odd: OddRegistry, status: int, body: bytes) -> None:
    odd.status, odd.body = status, body
    with pytest.raises(BackendUnavailable, match=f"SCHEMA_REGISTRY_URL={odd.url} does not answer /subjects/s"):
        asking(odd).look_up("s", SCHEMA)
    with pytest.raises(BackendUnavailable):
        asking(odd).schema(7)


@pytest.mark.parametrize("code", [40401, 40402, 40403])
def test_what_the_registry_does_not_have_is_a_lookup_error(odd: OddRegistry, code: int) -> None:
    odd.says({"error_code": code, "message": "not found"}, 404)
    with pytest.raises(LookupError, match="not found"):
        asking(odd).schema(7)


@pytest.mark.parametrize(
    "answer",
    [
        {"schema": 'syntax = "proto3";', "schemaType": "PROTOBUF"},
        {"schema": "no json"},
        {"schema": "[" * 100_000},
        {"schema": 5},
    ],
)
def test_a_schema_that_is_not_avro_counts_as_unknown(odd: OddRegistry, answer: dict[str, object]) -> None:
    odd.says(answer)
    with pytest.raises(LookupError):
        asking(odd).schema(7)


@pytest.mark.parametrize("status", [409, 422])
def test_a_refused_schema_is_the_operators_affair(odd: OddRegistry, status: int) -> None:
    odd.says({"error_code": status, "message": "incompatible"}, status)
    with pytest.raises(IncompatibleSchema, match=r"the registry refuses .*incompatible"):
        asking(odd).look_up("s", SCHEMA)


def test_a_registry_that_hangs_is_given_up_in_time(odd: OddRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_schemas.registry.client.TIMEOUT_S", 0.2)
    odd.hangs = True
    with pytest.raises(BackendUnavailable, match="timed out"):
        asking(odd).schema(7)


def test_questions_to_the_registry_are_kept_out_of_traces(odd: OddRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    really = OpenerDirector.open

    def instrumented(*args: Any, **kwargs: Any) -> Any:  # where OpenTelemetry's instrumentation of urllib sits
        seen.append(context.get_value("suppress_instrumentation"))
        return really(*args, **kwargs)

    monkeypatch.setattr(OpenerDirector, "open", instrumented)
    asking(odd.says({"id": 1})).look_up("s", SCHEMA)
    assert (seen, context.get_value("suppress_instrumentation")) == ([True], None)


def test_only_a_trusted_certificate_is_talked_to(tmp_path: Path) -> None:
    authority = Authority.new("ours")
    (tmp_path / "ca.pem").write_bytes(authority.pem())
    (tmp_path / "server.pem").write_bytes(authority.identity("registry"))
    with odd_registry(tmp_path / "server.pem") as odd:
        odd.says({"id": 5})
        trusting = RegistrySettings(url=odd.url, ca_location=str(tmp_path / "ca.pem"))
        assert SchemaRegistry(trusting).look_up("s", SCHEMA) == 5
        with pytest.raises(BackendUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            asking(odd).look_up("s", SCHEMA)


def test_an_id_is_asked_for_once_and_an_unknown_one_once_a_minute(odd: OddRegistry) -> None:
    now = [0.0]
    lookup = CachedLookup(asking(odd), clock=lambda: now[0])
    odd.says({"error_code": 40403, "message": "not found"}, 404)
    for moment in (0.0, 30.0, 61.0):
        now[0] = moment
        with pytest.raises(LookupError, match="not found"):
            lookup(7)
    odd.says({"schema": '{"type": "record"}'})
    assert lookup(8) == lookup(8) == {"type": "record"}
    assert [path for _, path, _ in odd.asked] == ["/schemas/ids/7", "/schemas/ids/7", "/schemas/ids/8"]


def test_a_silent_registry_is_left_alone_for_a_second(odd: OddRegistry) -> None:
    now = [0.0]
    lookup = CachedLookup(asking(odd), clock=lambda: now[0])
    odd.says({}, 500)
    for schema_id in (7, 8, 9):
        with pytest.raises(BackendUnavailable):
            lookup(schema_id)
    odd.says({"schema": '"string"'})
    now[0] = 1.1
    assert lookup(7) == {"type": "string"}
    assert len(odd.asked) == 2


def test_a_question_that_hangs_is_neither_waited_for_nor_asked_twice(odd: OddRegistry) -> None:
    now = [0.0]
    lookup = CachedLookup(asking(odd), timeout_s=0.05, clock=lambda: now[0])
    odd.hangs = True
    with pytest.raises(BackendUnavailable, match=r"did not answer within 0.05 s"):
        lookup(7)
    now[0] = 2.0
    with pytest.raises(BackendUnavailable, match="still owes the answer"):
        lookup(7)
    assert eventually(lambda: len(odd.asked) == 1)


@pytest.mark.parametrize("elsewhere", ["port", "host", "scheme"])
def test_a_redirect_to_another_server_does_not_carry_the_login(odd: OddRegistry, elsewhere: str) -> None:
    with odd_registry() as target:
        target.says({"id": 5})
        port = target.url.rpartition(":")[2]
        location = {"port": target.url, "host": f"http://localhost:{port}", "scheme": target.url}[elsewhere]
        asked = odd.redirects(location)
        settings = RegistrySettings(url=asked.url, user_info="alice:secret")
        SchemaRegistry(settings).is_compatible("a", {})
        assert [login for *_, login in target.asked] == [None]


def test_a_redirect_within_the_server_keeps_the_login(odd: OddRegistry) -> None:
    odd.redirects(f"{odd.url}/elsewhere", times=1).body = b'{"schema": "\\"string\\""}'
    SchemaRegistry(RegistrySettings(url=odd.url, user_info="alice:secret")).schema(1)
    assert len({login for *_, login in odd.asked}) == 1
    assert odd.asked[0][2] is not None


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/schema"])
def test_a_redirect_to_another_protocol_is_refused(odd: OddRegistry, target: str) -> None:
    with pytest.raises(BackendUnavailable):
        SchemaRegistry(RegistrySettings(url=odd.redirects(target).url)).schema(1)


def test_of_several_addresses_the_first_that_answers_is_asked(odd: OddRegistry) -> None:
    settings = RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": f"http://127.0.0.1:9, {odd.url}/"})
    assert settings is not None
    registry = SchemaRegistry(settings)
    odd.says({"id": 5})
    assert [registry.look_up("a", SCHEMA), registry.look_up("a", SCHEMA)] == [5, 5]
    assert len(odd.asked) == 2


def test_the_failures_of_all_addresses_are_named() -> None:
    registry = SchemaRegistry(RegistrySettings(url="http://127.0.0.1:9,http://127.0.0.1:10"))
    with pytest.raises(BackendUnavailable, match=r"127\.0\.0\.1:9 does not answer.*127\.0\.0\.1:10 does not answer"):
        registry.schema(1)


@pytest.mark.parametrize("schema_id", [1 << 32, -1, True, "7", 1.5, None])
def test_an_id_that_does_not_fit_into_a_frame_is_no_answer(odd: OddRegistry, schema_id: object) -> None:
    odd.says({"id": schema_id})
    with pytest.raises(BackendUnavailable, match=r"its id .* does not fit|no id in its answer"):
        asking(odd).look_up("a", SCHEMA)
