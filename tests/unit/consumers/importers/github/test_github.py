"""Runs of GitHub Actions as events: outcomes, attempts, jobs within runs, both kinds of file, and what can be wrong."""

import base64
import json
from typing import Any, get_args, get_type_hints

import pytest

from tasker_consumers.cli.demo import demo
from tasker_consumers.cli.imports.command import FORMATS
from tasker_consumers.importers import BrokenFile, HistoryFormat, ImportedEvent
from tasker_consumers.importers.github.actions import read
from tasker_consumers.importers.publish import trace_of
from tasker_schemas.identity import step_span_id, trace_id_of

RUN = "github-actions:21487811823"
SECOND = 1_000_000


def at(second: int) -> str:
    return f"1970-01-01T00:00:{second:02d}Z"


def run(conclusion: str | None = "success", attempt: int = 1, started: int = 1, **more: Any) -> dict[str, Any]:
    times = {"created_at": at(1), "run_started_at": at(started), "updated_at": at(started + 19)}
    return {
        "id": 21487811823, "workflow_id": 7, "name": "Build", "head_sha": "c0ffee", "run_attempt": attempt,
        "conclusion": conclusion, **times, **more,
    }  # fmt: skip


def job(conclusion: str | None = "success", number: int = 100, begun: int = 4, **more: Any) -> dict[str, Any]:
    times = {"created_at": at(2), "started_at": at(begun), "completed_at": at(begun + 6) if conclusion else None}
    return {
        "id": number, "run_id": 21487811823, "name": "test", "run_attempt": 1, "status": "completed",
        "conclusion": conclusion, "steps": [], **times, **more,
    }  # fmt: skip


def step(number: int, conclusion: str | None = "success", name: str = "Run tests", **more: Any) -> dict[str, Any]:
    times = {"started_at": at(4 + number), "completed_at": at(5 + number)}
    return {"number": number, "name": name, "status": "completed", "conclusion": conclusion, **times, **more}


def listing(*jobs: dict[str, Any]) -> dict[str, Any]:
    return {"total_count": len(jobs), "jobs": list(jobs)}


def read_json(*answers: Any) -> list[ImportedEvent]:
    return read(json.dumps(answers).encode(), "run.json")


def recording(*answers: tuple[str, int, Any]) -> bytes:
    lines = [["GET", url, url, str(status), base64.b64encode(json.dumps(body).encode()).decode()]
             for url, status, body in answers]  # fmt: skip
    return "".join(f"{line}\n" for answer in lines for line in answer).encode()


def names(events: list[ImportedEvent]) -> list[str]:
    return [event.name for event in events]


def the(name: str, events: list[ImportedEvent], task_id: str = RUN) -> ImportedEvent:
    (found,) = [event for event in events if (event.name, event.task_id) == (name, task_id)]
    return found


def test_a_run_is_a_task_and_each_job_of_it_a_step() -> None:
    events = read_json(run(), listing(job()))
    assert names(events) == [
        "task.initialize_requested", "task.start_requested",
        "step.execution_requested", "step.handle", "step.completed", "task.completed",
    ]  # fmt: skip
    assert {(event.task_id, event.task_name, event.fields["correlation_id"]) for event in events} == {
        (RUN, "Build", "c0ffee")
    }
    assert [event.timestamp // SECOND for event in events] == [1, 1, 2, 4, 10, 20]


def test_a_job_tells_how_long_it_ran_and_not_what_it_needed() -> None:
    fields = the("step.completed", read_json(run(), listing(job()))).fields
    assert (fields["step_id"], fields["step_name"], fields["execution_duration"]) == ("job:test", "test", 6.0)
    assert "depends_on" not in fields


@pytest.mark.parametrize(
    ("conclusion", "ending"),
    [
        ("success", "completed"),
        ("neutral", "completed"),
        ("failure", "failed"),
        ("timed_out", "failed"),
        ("startup_failure", "failed"),
        ("cancelled", "cancelled"),
        ("skipped", "cancelled"),
        ("stale", "cancelled"),
        ("action_required", "cancelled"),
    ],
)
def test_a_conclusion_ends_runs_jobs_and_steps_in_the_same_way(conclusion: str, ending: str) -> None:
    inner = read_json(run(), listing(job(steps=[step(1, conclusion)])))
    assert f"step.{ending}" in [event.name for event in inner if event.task_id == f"{RUN}:100"]
    events = read_json(run(conclusion), listing(job(conclusion)))
    assert (names(events)[-2:], events[-1].attributes["conclusion"]) == (
        [f"step.{ending}", f"task.{ending}"],
        conclusion,
    )


def test_a_skipped_job_never_ran_and_says_why() -> None:
    events = read_json(run("skipped"), listing(job("skipped")))
    assert "step.handle" not in names(events)
    ended = the("step.cancelled", events)
    assert ended.fields["cancellation_reason"] == "skipped"
    assert "started_at" not in ended.fields


def test_a_skipped_step_without_times_ends_with_its_job() -> None:
    skipped = step(1, "skipped", started_at=None, completed_at=None)
    events = read_json(run(), listing(job(steps=[skipped])))
    assert the("step.cancelled", events, f"{RUN}:100").timestamp == 10 * SECOND


def test_a_job_with_steps_is_a_task_of_its_own_within_the_span_of_its_step() -> None:
    events = read_json(run(), listing(job(steps=[step(2, name="Run tests"), step(1, name="Set up job")])))
    inner = [event for event in events if event.task_id == f"{RUN}:100"]
    begun = [(e.fields["step_name"], e.fields["depends_on"]) for e in inner if e.name == "step.handle"]
    assert begun == [("Set up job", []), ("Run tests", ["step:1:Set up job"])]
    above = trace_of(inner[0]).parent
    assert above is not None
    assert (above.trace_id, above.span_id) == (trace_id_of(RUN), step_span_id(RUN, "job:test", 1))
    assert {place.span.trace_id for place in map(trace_of, events) if place.span} == {trace_id_of(RUN)}


def test_statistics_count_jobs_for_the_run_and_steps_for_the_job() -> None:
    jobs = listing(job("failure", steps=[step(1), step(2, "failure"), step(3, None)]), job(number=101, name="lint"))
    events = read_json(run("failure"), jobs)
    counts = ("total_steps", "completed_steps", "failed_steps", "pending_steps")
    assert [the("task.failed", events).fields[count] for count in counts] == [2, 1, 1, 0]
    assert [the("task.failed", events, f"{RUN}:100").fields[count] for count in counts] == [3, 1, 1, 1]


def test_a_failure_is_told_by_its_annotations_or_else_by_the_parts_that_failed() -> None:
    failed = listing(job("failure", steps=[step(1, "failure")]))
    notes = [
        {"annotation_level": "notice", "message": "x"},
        {"annotation_level": "failure", "message": "2 tests failed"},
    ]
    recorded = recording(
        ("https://host/runs/1", 200, run("failure")),
        ("https://host/runs/1/jobs", 200, failed),
        ("https://host/check-runs/100/annotations", 200, notes),
    )
    assert the("step.failed", read(recorded, "run.rec")).fields["error_message"] == "2 tests failed"
    events = read_json(run("failure"), failed)
    assert the("step.failed", events).fields["error_message"] == "failed steps: Run tests"
    assert the("task.failed", events).fields["error_message"] == "failed jobs: test"
    assert the("task.failed", events).fields["error_steps"] == ["job:test"]


def test_what_has_no_conclusion_stays_open() -> None:
    running = job(None, status="in_progress")
    waiting = job(None, number=101, name="deploy", status="queued")
    events = read_json(run(None), listing(running, waiting))
    assert [(e.name, e.fields["step_id"]) for e in events if e.is_step] == [
        ("step.execution_requested", "job:test"),
        ("step.execution_requested", "job:deploy"),
        ("step.handle", "job:test"),
    ]
    assert names(events)[-1] == "step.handle"


def test_a_job_that_ran_again_is_a_later_attempt_of_its_step() -> None:
    again = job("success", number=200, begun=34, run_attempt=2, created_at=at(32))
    events = read_json(run(attempt=2, started=31), listing(job("failure"), again))
    told = ("task.retry_requested", "step.retry_requested", "step.handle", "step.completed", "task.completed")
    assert [name for name in names(events)[5:] if name in told] == list(told)
    assert the("step.retry_requested", events).fields["previous_attempts"] == 1
    ended = the("task.completed", events).fields
    assert (ended["total_steps"], ended["completed_steps"], ended["failed_steps"]) == (1, 1, 0)


def test_attempts_of_a_run_tell_what_they_share_with_the_same_ids() -> None:
    first = read_json(run("failure"), listing(job("failure")))
    second = read_json(run(attempt=2, started=31), listing(job("failure")))
    both = read_json(run("failure"), run(attempt=2, started=31), listing(job("failure")))
    assert {event.event_id for event in both} == {event.event_id for event in [*first, *second]}
    assert len({event.event_id for event in both}) == len(both)
    assert [e.name for e in both if e.name in ("task.failed", "task.completed")] == ["task.failed", "task.completed"]


def test_a_run_known_by_its_second_attempt_began_when_it_was_created() -> None:
    events = read_json(run(attempt=2, started=31))
    assert [e.timestamp // SECOND for e in events if e.name == "task.start_requested"] == [1, 31]
    assert the("task.completed", events).fields["execution_duration"] == 49.0


def test_each_attempt_of_a_run_counts_what_its_jobs_had_come_to() -> None:
    again = job("success", number=200, begun=34, run_attempt=2)
    events = read_json(run("failure"), run(attempt=2, started=31), listing(job("failure"), again))
    assert the("task.failed", events).fields["failed_steps"] == 1
    assert the("task.completed", events).fields["failed_steps"] == 0


def test_jobs_of_one_name_in_one_attempt_are_told_apart() -> None:
    events = read_json(run(), listing(job(), job(number=101)))
    assert [e.fields["step_id"] for e in events if e.name == "step.handle"] == ["job:test", "job:test#2"]


def test_a_job_that_two_lists_repeat_is_told_once() -> None:
    assert read_json(run(), listing(job()), listing(job())) == read_json(run(), listing(job()))


def test_a_recording_gives_the_same_events_as_the_answers_in_it() -> None:
    refused = ("https://host/runs/111", 502, {"workflow_id": 7, "jobs": "Bad Gateway"})
    other = ("https://host/issues/1/labels", 200, [{"name": "bug"}])
    recorded = recording(("https://host/runs/1", 200, run()), ("https://host/runs/1/jobs", 200, listing(job())))
    assert read(recorded + recording(refused, other), "run.rec") == read_json(run(), listing(job()))


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([], "the file: no answer in it is a workflow run"),
        ([listing(job())], "[0].jobs[0].run_id: expected the id of a run in this file"),
        ([{"total": 1}], "[0]: expected a workflow run or a list of jobs"),
        ([7], "[0]: expected a workflow run or a list of jobs, not 7"),
        ([run("odd")], "[0].conclusion: expected one of GitHub's conclusions (success,"),
        ([run(id=True)], "[0].id: expected an id, a whole number, not true"),
        ([run(run_attempt=0)], "[0].run_attempt: expected a number from 1, not 0"),
        ([run(created_at="soon")], "[0].created_at: expected a date such as"),
        ([run(), listing(job(completed_at=None))], "[1].jobs[0].completed_at: missing"),
        ([run(), listing(job(name=""))], "[1].jobs[0].name: expected a text"),
        ([run(), listing(job(steps=[step(1), step(1)]))], "[1].jobs[0].steps[1].number: expected a number that no"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_the_path_of_its_value(answers: Any, fault: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        read_json(*answers)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "the file is empty"),
        (b"GET\nroute\nurl\n", "line 3: ends in the middle of an answer"),
        (b"GET\nroute\nurl\nfine\ne30=\n", "line 4: expected the status of an answer"),
        (b"GET\nroute\nurl\n200\n***\n", "line 5: expected base64"),
        (b"GET\nroute\nurl\n200\ne30\n", "line 5: expected base64"),
        (b"GET\nroute\nurl\n200\ne30x\n", "line 5: expected a JSON value, not 2"),
        (recording(("u", 200, run()), ("u", 200, listing(job(labels=7)))), "line 10: jobs[0].labels: expected a list"),
        (recording(("u", 404, {})), "the file: no answer in it is a workflow run"),
    ],
)  # fmt: skip
def test_a_fault_in_a_recording_is_named_by_its_line(raw: bytes, fault: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        read(raw, "run.rec")
    assert str(caught.value).startswith(fault)


def test_every_format_is_a_choice_of_the_import_and_of_the_demo() -> None:
    chosen, _ = get_args(get_type_hints(demo)["file_format"])
    assert tuple(map(str, HistoryFormat)) == FORMATS == get_args(chosen)
