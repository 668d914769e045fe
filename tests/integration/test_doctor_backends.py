"""`tasker doctor` asks the backends that are in use, and believes their own protocol only."""

from collections.abc import Iterator

import pytest

from tasker_consumers.tools.doctor.backend_checks import check_backends
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tests.support.telemetry.http_backend import PAGE, HttpBackend, Reply
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp

__all__ = ["otlp"]


@pytest.fixture
def backend() -> Iterator[HttpBackend]:
    with HttpBackend() as server:
        yield server


def checked(environ: dict[str, str]) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_backends(environ)}


def test_zipkin_is_asked_where_spans_go_there(backend: HttpBackend) -> None:
    findings = checked(backend.exporter("zipkin"))
    assert findings.keys() == {"zipkin"}
    assert findings["zipkin"].verdict is Verdict.OK
    assert [(request.method, request.span_ids) for request in backend.requests] == [("POST", ())]


@pytest.mark.parametrize("kind", ["zipkin", "otlp"])
@pytest.mark.parametrize("reply", [PAGE, Reply(302, {"Location": "/login"}), Reply(401)])
def test_a_lie_is_a_failure(backend: HttpBackend, kind: str, reply: Reply) -> None:
    backend.reply_to = lambda _: reply
    finding = checked(backend.exporter(kind))[kind]
    assert (finding.verdict, bool(finding.remedy)) == (Verdict.FAILED, True)


def test_a_backend_that_nobody_named_is_no_failure_when_it_is_away() -> None:
    environ = {"OTEL_TRACES_EXPORTER": "zipkin"}
    assert checked(environ)["zipkin"].verdict in {Verdict.SKIPPED, Verdict.OK}  # somebody may run a Zipkin here


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_the_log_backend_is_asked_where_events_go_as_log_records(otlp: OtlpReceiver, protocol: str) -> None:
    endpoint = otlp.grpc if protocol == "grpc" else otlp.http
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    assert checked(environ).keys() == {"otlp"}
    findings = checked({**environ, "TASKER_TELEMETRY_EVENTS": "logs"})
    assert {name: finding.verdict for name, finding in findings.items()} == {
        "otlp": Verdict.OK, "otlp logs": Verdict.OK,
    }  # fmt: skip
    otlp.log_misbehaviours.append(Misbehaviour(status=401))
    assert checked({**environ, "TASKER_TELEMETRY_EVENTS": "logs"})["otlp logs"].verdict is Verdict.FAILED


def test_spans_that_go_to_no_server_are_not_asked_for() -> None:
    finding = checked({"OTEL_TRACES_EXPORTER": "console"})["otlp"]
    assert (finding.verdict, finding.detail) == (Verdict.SKIPPED, "spans go to console, not to a server")
