"""`tasker doctor`: whether a task that is published now would be counted, exported and found."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import show_json, show_table

if TYPE_CHECKING:
    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.tools.doctor.finding import Finding


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Start a Kafka for this check where KAFKA_BOOTSTRAP_SERVERS names none.")
    ] = False,
) -> None:
    """Check Kafka, topics, groups, dead letters, a record's round trip, registry and trace backend.

    Every check runs even when another fails. Exit code 1 if a check fails; a warning is no failure.
    """
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.tools.doctor.finding import Verdict

    findings = _findings(read_settings(), embedded=embedded)
    if as_json:
        show_json({"checks": [asdict(finding) for finding in findings]})
    else:
        rows = [(f.check, f.verdict, f"{f.detail}; {f.remedy}" if f.remedy else f.detail) for f in findings]
        show_table(("check", "result", "what was found"), rows)
    if any(finding.verdict is Verdict.FAILED for finding in findings):
        raise typer.Exit(1)


def _findings(settings: "ConsumerSettings", *, embedded: bool) -> "list[Finding]":
    import os

    from tasker_consumers.embedded import ServerKind, find_kafka
    from tasker_consumers.tools.doctor.examine import examine

    if settings.kafka.get("bootstrap.servers") or not embedded:
        return list(examine(settings.kafka, settings.topic_prefix, os.environ))
    with find_kafka(os.environ) as source:
        kafka = {**settings.kafka, "bootstrap.servers": source.bootstrap_servers}
        is_new = source.how is not ServerKind.CONFIGURED
        return list(examine(kafka, settings.topic_prefix, os.environ, is_new=is_new))
