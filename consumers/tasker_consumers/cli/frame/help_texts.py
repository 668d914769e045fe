"""Examples and exit codes that the help of each command ends with."""

from collections.abc import Mapping
from dataclasses import dataclass

EXIT_CODES = (
    "Exit codes: 0 answered; 1 nothing found, or a part of the input failed; 2 a wrong value or setting, or no broker; "
    "130 Ctrl-C."
)


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """Examples as one types them, without `tasker`; whether it has a table, and so takes `-o` without a `--json`."""

    examples: tuple[str, ...] = ()
    has_table: bool = False

    def epilog(self) -> str:
        """Return the end of a help text; paragraphs behind a backspace are not wrapped."""
        lines = "\n".join(f"  tasker {example}" for example in self.examples)
        return f"\b\nExamples:\n{lines}\n\n{EXIT_CODES}" if lines else EXIT_CODES


def help_of(path: str) -> CommandHelp:
    """Return the help texts of a command such as `dlq list`."""
    return HELP.get(path, CommandHelp())


_REPLAY = (
    "replay order-42",
    "replay order-42 --call app.handlers:handle --shrink",
    "replay --errors-only --since 2h -o yaml",
    "replay --task-id order-42 --to-file order-42.avro",
    "replay --since 1h --to copy-of-steps --family step --yes",
)

HELP: Mapping[str, CommandHelp] = {
    "demo": CommandHelp(("demo", "demo --keep", "demo --format temporal history.json")),
    "up": CommandHelp(("up", "up --zipkin", "-b kafka:9092 up")),
    "web": CommandHelp(("web", "web --port 8700", "-b kafka:9092 web")),
    "run stats": CommandHelp(("run stats", "-b kafka:9092 run stats")),
    "run telemetry": CommandHelp(("run telemetry --exporter otlp",)),
    "run store": CommandHelp(("run store",)),
    "errors explain": CommandHelp(("errors explain 1-3f0a9c…", "errors --since 7d --name charge_card")),
    "store migrate": CommandHelp(("store migrate",)),
    "store check": CommandHelp(("store check", "store check -o json"), has_table=True),
    "store prune": CommandHelp(("store prune",)),
    "store rebuild": CommandHelp(("store rebuild", "store rebuild --empty --yes")),
    "tasks": CommandHelp(("tasks --status error --since 2h", "tasks --name order --limit 10 -o json", "tasks --watch")),
    "stats": CommandHelp(("stats order-42", "stats order-42 --watch --exit-status", "stats --name order --since 1d")),
    "trace": CommandHelp(
        ("trace order-42", "trace order-42 --errors -v", "trace order-42 --at 03:12", "trace order-42 --html")
    ),
    "diff": CommandHelp(
        (
            "diff order-41 order-42",
            "diff order-41 order-42 --from-file runs.avro",
            "diff --name order_processing --failed",
            "diff --name order_processing --slow p95",
            "diff --name order_processing --since 1h --baseline 7d",
            "diff --name order_processing --version 1.4 --against 1.3",
        )
    ),
    "show": CommandHelp(("show step/3:120", "show tasker.events.step/3/120 --json")),
    "tail": CommandHelp(("tail", "tail --errors-only --service shop", "tail --since 10m --rate 200")),
    "replay": CommandHelp(_REPLAY, has_table=True),
    "dlq list": CommandHelp(("dlq list stats", "dlq list telemetry --since 1d --json")),
    "dlq show": CommandHelp(("dlq show stats 0:12",)),
    "dlq requeue": CommandHelp(("dlq requeue stats --reason bad_magic", "dlq requeue stats --offset 0:12 --yes")),
    "dlq drop": CommandHelp(("dlq drop stats --before 7d", "dlq drop stats --before now --yes")),
    "spool list": CommandHelp(("spool list", "spool list shop -o json")),
    "spool send": CommandHelp(("spool send", "spool send shop --timeout 300")),
    "spool drop": CommandHelp(("spool drop shop", "spool drop shop --yes")),
    "import": CommandHelp(
        (
            "import history.json",
            "import --dry-run runs.zip",
            "import csv log.csv --map task=case_id,step=activity,start=begin,end=finish",
            "import --speed 60 trace.json",
        )
    ),
    "topics list": CommandHelp(("topics list", "topics list -o json"), has_table=True),
    "topics create": CommandHelp(("topics create",), has_table=True),
    "topics reset": CommandHelp(("topics reset stats",), has_table=True),
    "topics grow": CommandHelp(("topics grow 12", "topics grow 12 --yes"), has_table=True),
    "schemas list": CommandHelp(("schemas list --offline", "schemas list -o yaml"), has_table=True),
    "schemas check": CommandHelp(("schemas check", "schemas check --offline step_event.v3.avsc"), has_table=True),
    "schemas diff": CommandHelp(("schemas diff StepEvent", "schemas diff StepEvent 1 2")),
    "schemas register": CommandHelp(("schemas register",), has_table=True),
    "groups": CommandHelp(("groups", "groups --behind", "groups -o json")),
    "doctor": CommandHelp(("doctor", "-b kafka:9092 doctor", "doctor --embedded --json")),
    "contexts": CommandHelp(("contexts", "--context production topics list"), has_table=True),
    "completion": CommandHelp(("completion bash >> ~/.bashrc", "completion fish")),
}
