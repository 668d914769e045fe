"""`tasker errors`: failures by group, from the store; `tasker errors explain` says why a failure is in its group."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for SQLAlchemy

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.frame.hints import command_line
from tasker_consumers.cli.output import complain, echo, printable, show_json, show_table

if TYPE_CHECKING:
    from tasker_consumers.cli.stored.error_answers import GroupAnswer

app = typer.Typer(help="Show failures by group, and why a failure is in its group.", invoke_without_command=True)

_COLUMNS = ("group", "count", "tasks", "first seen", "last seen", "trend", "error")
_DEFAULT_SINCE = "24h"


@app.callback()
def errors(
    context: typer.Context,
    *,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Failures from then on: 2h, 14:00, yesterday, a date.")
    ] = _DEFAULT_SINCE,
    group: Annotated[
        str | None, typer.Option(metavar="GROUP", help="One group, with its newest failures; a beginning will do.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Failures of tasks or steps of this name.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many groups.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on each line.")] = False,
) -> None:
    """Show failures by group, the most frequent first. Exit code 1 if there are none."""
    if context.invoked_subcommand is not None:
        return
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.records.moments import read_option_moment
    from tasker_consumers.cli.stored.error_answers import Question, failures_of, group_answer, group_answers
    from tasker_consumers.cli.stored.opening import opened_reader
    from tasker_consumers.errors.rules import read_rules

    settings, moment = read_settings(), read_option_moment("--since", since) * 1000
    question = Question(since=moment, rules=read_rules(settings.error_rules), name=name)
    with opened_reader(settings) as reader:
        if group is not None:
            answer = group_answer(reader, question, group)
            if as_json:
                show_json(answer.document())
            else:
                _show_group(answer, failures_of(reader, answer, 10))
            return
        answers, is_cut = group_answers(reader, question, limit)
    if not answers:
        complain(f"no failure since {since}" + (f" with the name {name}" if name else ""))
        raise typer.Exit(1)
    _show_list(answers, as_json=as_json)
    if is_cut:
        complain("the rarest groups are left out; a later --since, or a --name, shows them")


def _show_list(answers: list["GroupAnswer"], *, as_json: bool) -> None:
    if as_json:
        for answer in answers:
            show_json(answer.document())
        return
    show_table(_COLUMNS, [_cells(answer) for answer in answers])
    first = repr(answers[0].group.id)
    complain(f"next: tasker errors --group {first}; tasker errors explain {first}")


@app.command()
def explain(
    subject: Annotated[
        str, typer.Argument(metavar="ID", show_default=False, help="A group, or the event id of a failure.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say why failures are in a group: the rule, its version, and the parts that were compared."""
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.stored.error_answers import explanation_of
    from tasker_consumers.cli.stored.opening import opened_reader
    from tasker_consumers.errors.rules import read_rules

    settings = read_settings()
    with opened_reader(settings) as reader:
        answer = explanation_of(reader, subject, read_rules(settings.error_rules))
    if answer is None:
        complain(f"the store has no group and no failure {subject!r}; `tasker errors` lists groups")
        raise typer.Exit(1)
    if as_json:
        show_json(answer)
        return
    for name, value in answer.items():
        text = "\n  ".join(map(str, value)) if isinstance(value, list) else str(value)
        echo(printable(f"{name:<12} {text}" if "\n" not in text else f"{name}\n  {text}"))


def _cells(answer: "GroupAnswer") -> list[str]:
    from tasker_consumers.times import time_text

    group = answer.group
    times = (time_text(group.first_seen), time_text(group.last_seen))
    cells = (group.id, str(group.count), answer.shown_tasks(), *times, answer.sparkline(), group.title)
    return [printable(cell).replace("\n", " ") for cell in cells]


def _show_group(answer: "GroupAnswer", failures: list[dict[str, Any]]) -> None:
    from tasker_consumers.times import time_text

    document = answer.document()
    for name in ("group", "title", "reason", "count", "tasks", "task_names", "step_names", "services", "versions"):
        value = document[name]
        text = ", ".join(f"{key} ({count})" for key, count in value.items()) if isinstance(value, dict) else value
        if text not in ("", None):
            echo(printable(f"{name.replace('_', ' '):<12} {text}"))
    rows = [
        (
            time_text(failure["happened_at"]),
            failure["task_id"],
            f"{failure['step_name'] or failure['step_id'] or '-'}#{failure['attempt_number'] or '-'}",
            (failure["error_message"] or "").partition("\n")[0],
        )
        for failure in failures
    ]
    show_table(("failed at", "task", "attempt", "message"), [[printable(cell) for cell in row] for row in rows])
    if failures:
        trace = printable(command_line("tasker trace --errors", failures[0]["task_id"]))
        complain(f"next: {trace}; tasker errors explain {failures[0]['event_id']}")
