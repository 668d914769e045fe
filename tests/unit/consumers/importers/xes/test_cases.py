"""Event logs in XES: lifecycles, repetitions, namespaces, globals, and what is refused."""

import gzip

import pytest

from tests.support.importers.run_import import Files


def event(activity: str, time: str, transition: str | None = None, instance: str | None = None, more: str = "") -> str:
    parts = [
        f'<string key="concept:name" value="{activity}"/>',
        f'<date key="time:timestamp" value="2026-03-01T{time}Z"/>',
    ]
    parts += [f'<string key="lifecycle:transition" value="{transition}"/>'] if transition else []
    parts += [f'<string key="concept:instance" value="{instance}"/>'] if instance else []
    return f"<event>{''.join(parts)}{more}</event>"


def case(name: str, *events: str) -> str:
    return f'<trace><string key="concept:name" value="{name}"/>{"".join(events)}</trace>'


def log(*cases: str, head: str = '<string key="concept:name" value="claims"/>', ns: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0"{ns}>\n{head}\n{"".join(cases)}\n</log>\n'


PAID = case(
    "1",
    event("check", "10:00:00", "schedule"),
    event("check", "10:00:05", "start", more='<int key="cost" value="7"/>'),
    event("check", "10:00:09", "suspend"),
    event("check", "10:01:00", "complete", more='<string key="org:resource" value="Ann"/><int key="cost" value="8"/>'),
    event("pay", "10:02:00"),
)
TASK_ID = "xes:claims:1"


def numbers(files: Files, *cases: str) -> tuple[object, ...]:
    (task,) = files.run(log(*cases)).stats().values()
    names = ("status", "total_steps", "attempts", "completed_steps", "failed_steps", "cancelled_steps", "step_time_s")
    return tuple(task[name] for name in names)


def test_a_case_is_a_task_and_its_activities_are_steps(files: Files) -> None:
    outcome = files.run(log(PAID))
    assert outcome.report.imported[0].history_format == "xes"
    task = outcome.stats()[TASK_ID]
    assert (task["status"], task["task_name"], task["duration_s"]) == ("complete", "claims", 115.0)
    assert (task["total_steps"], task["completed_steps"], task["step_time_s"]) == (2, 2, 55.0)
    completed = {step["step_id"]: step for step in outcome.named("step.completed")}
    assert completed["check"]["attributes"] == {"org:resource": "Ann", "cost": 8}
    assert completed["pay"]["execution_duration"] is None
    assert {step["step_id"] for step in outcome.named("step.execution_requested")} == {"check"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event("a", "10:00:00", "start")], ("in_progress", 1, 1, 0, 0, 0, 0.0)),
        ([event("a", "10:00:00"), event("a", "11:00:00")], ("complete", 2, 2, 2, 0, 0, 0.0)),
        (
            [event("a", "10:00:00", "start"), event("a", "10:00:03", "ate_abort"),
             event("a", "10:00:04", "start"), event("a", "10:00:06", "complete")],
            ("complete", 1, 2, 1, 0, 0, 5.0),
        ),
        ([event("a", "10:00:00", "start"), event("a", "10:00:03", "pi_abort")], ("error", 1, 1, 0, 1, 0, 3.0)),
        ([event("a", "10:00:00", "schedule"), event("a", "10:00:03", "withdraw")], ("cancelled", 1, 1, 0, 0, 1, 0.0)),
        (
            [event("a", "10:00:00", "start"), event("a", "10:00:01", "start"), event("a", "10:00:05", "complete"),
             event("a", "10:00:07", "complete")],
            ("complete", 2, 2, 2, 0, 0, 11.0),
        ),
        (
            [event("a", "10:00:00", "start", "x"), event("a", "10:00:01", "start", "y"),
             event("a", "10:00:02", "complete", "y"), event("a", "10:00:09", "complete", "x")],
            ("complete", 2, 2, 2, 0, 0, 10.0),
        ),
        ([event("a", "10:00:05", "COMPLETE"), event("a", "10:00:00", "Start")], ("complete", 1, 1, 1, 0, 0, 5.0)),
    ],
)  # fmt: skip
def test_transitions_tell_when_activities_begin_and_end(
    files: Files, events: list[str], expected: tuple[object, ...]
) -> None:
    assert numbers(files, case("1", *events)) == expected


def test_gzip_namespaces_and_globals_change_nothing(files: Files) -> None:
    plain = files.run(log(PAID)).stats()
    assert files.run(gzip.compress(log(PAID, ns=' xmlns="http://www.xes-standard.org/"').encode())).stats() == plain
    name = '<string key="concept:name" value="{}"/>'
    head = f'{name.format("claims")}<global scope="event">{name.format("?")}</global>'
    assert files.run(log(PAID, head=head)).stats() == plain


def test_a_log_and_cases_without_names_are_named_after_the_file_and_their_number(files: Files) -> None:
    nameless = PAID.replace('<trace><string key="concept:name" value="1"/>', "<trace>")
    assert list(files.run(log(nameless, head="")).stats()) == ["xes:file-0:case 1"]


def test_a_part_first_and_the_whole_later_is_the_whole(files: Files) -> None:
    other = case("2", event("pay", "12:00:00"))
    part = log(PAID.replace(event("pay", "10:02:00"), ""))
    assert files.run(part, log(PAID, other)).stats() == files.run(log(PAID, other)).stats()


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (log(PAID)[:-30], "line 4, column 851: not XML: unclosed token"),
        (log(PAID).replace("</event>", "</evt>", 1), "line 4, column "),
        (log(PAID).replace('<log xes.version="1.0">', f"{BOMB}<log>"), "line 2, column 15: a document type"),
        (log(), "the file: no case is in it"),
        (log(case("1", '<event><string key="concept:name" value="a"/></event>')), "line 4, column "),
        (log(case("1", event("a", "25:00:00"))), "line 4, column 46: time:timestamp: expected a date"),
        (log(case("1", event("a", "10:00:00", "explode"))), "line 4, column 46: the transition 'explode' is none"),
        (log("<event/>"), "line 4, column 1: an event outside of a trace"),
        (log(case("1", "<string key='a'/>")), "line 4, column 46: <string> without key and value"),
        (log("<script/>"), "line 4, column 1: <script> is no element of XES"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(files: Files, text: str, fault: str) -> None:
    outcome = files.run(text)
    (found,) = outcome.faults
    assert found.startswith(f"file-0: {fault}")
    assert outcome.events == []
