"""`tasker doctor`: whether everything stands that the system leans on."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import show_json, show_table

if TYPE_CHECKING:
    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.tools.doctor import Finding


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Check Kafka, the topics, a record's round trip and the trace backend; exit code 1 if something fails."""
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.tools.doctor import Verdict

    findings = _findings(read_settings())
    if as_json:
        show_json({"checks": [asdict(finding) for finding in findings]})
    else:
        show_table(("check", "result", "what was found"), [(f.check, f.verdict, f.detail) for f in findings])
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise typer.Exit(1)


def _findings(settings: "ConsumerSettings") -> "list[Finding]":
    import os

    from tasker_consumers.embedded import ServerKind, find_kafka
    from tasker_consumers.tools.doctor import Finding, Verdict, examine

    with find_kafka(os.environ) as source:
        kafka = {**settings.kafka, "bootstrap.servers": source.bootstrap_servers}
        taken = Finding("kafka", Verdict.OK, f"{source.how}, {source.bootstrap_servers}: {source.why}")
        fresh = source.how is not ServerKind.CONFIGURED
        return [taken, *examine(kafka, settings.topic_prefix, os.environ, fresh=fresh)]
