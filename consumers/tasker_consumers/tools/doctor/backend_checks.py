"""Whether the backends for spans and for log records take a request."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from tasker_consumers.telemetry.export.backends import Backend, backends_of
from tasker_consumers.telemetry.export.exporter import description_of
from tasker_consumers.telemetry.export.otlp.exporter import otlp_transport
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.otlp.signals import LOGS, TRACES, Signal
from tasker_consumers.telemetry.export.retrying import Transport
from tasker_consumers.telemetry.export.sending.answers import Answer, Then
from tasker_consumers.telemetry.export.zipkin.http import ZipkinSettings, ZipkinTransport
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.tools.doctor.finding import Finding, Verdict

_ANSWER_LIMIT_S = 5.0


def check_backends(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether each backend takes a request; raises ConfigurationError for a wrong setting of it."""
    backend = backends_of(environ)[0]
    if backend is Backend.ZIPKIN:
        yield _zipkin(environ).finding(environ)
    elif backend is Backend.OTLP:
        yield _otlp(environ, TRACES).finding(environ)
    else:
        yield Finding("otlp", Verdict.SKIPPED, f"spans go to {backend}, not to a server")
    if EventSwitches.from_env(environ).need_logs:
        yield _otlp(environ, LOGS).finding(environ)


class _Target(NamedTuple):
    """A backend to ask, and the words about it."""

    check: str
    transport: Transport
    nothing: bytes  # a request with nothing in it
    variables: tuple[str, ...]  # that name its endpoint, the general form last
    items: str

    def finding(self, environ: Mapping[str, str]) -> Finding:
        """Ask the backend, and return the answer as a finding."""
        answer = asyncio.run(_export(self.transport, self.nothing))
        target = description_of(self.transport)
        if answer.then is Then.TAKEN:
            return Finding(self.check, Verdict.OK, f"{target} takes {self.items}")
        if any(environ.get(variable, "").strip() for variable in self.variables):
            remedy = f"is the backend running, and is {self.variables[-1]} right?"
            return Finding(self.check, Verdict.FAILED, f"{target} takes no {self.items}: {answer.message}", remedy)
        detail = f"{self.variables[-1]} is not set, and nothing answers: {target}"
        return Finding(self.check, Verdict.SKIPPED, detail)


def _otlp(environ: Mapping[str, str], signal: Signal) -> _Target:
    settings = OtlpSettings.from_env(environ, signal)
    quick = replace(settings, timeout_s=min(settings.timeout_s, _ANSWER_LIMIT_S))
    variables = (f"OTEL_EXPORTER_OTLP_{signal.variable}_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    check, items = ("otlp", "spans") if signal is TRACES else ("otlp logs", "log records")
    return _Target(check, otlp_transport(quick), b"", variables, items)


def _zipkin(environ: Mapping[str, str]) -> _Target:
    settings = ZipkinSettings.from_env(environ)
    quick = replace(settings, timeout_s=min(settings.timeout_s, _ANSWER_LIMIT_S))
    return _Target("zipkin", ZipkinTransport(quick), b"[]", ("OTEL_EXPORTER_ZIPKIN_ENDPOINT",), "spans")


async def _export(transport: Transport, nothing: bytes) -> Answer:
    """Send a request with nothing in it: the whole way to the backend is tried, and nothing is left there."""
    await transport.open()
    try:
        return await transport.send(nothing)
    finally:
        await transport.close()
