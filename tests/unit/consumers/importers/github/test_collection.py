"""GitHub's answers in the shapes that people keep; pages that are missing."""

import json
from typing import Any

import pytest

from tasker_consumers.importers import BrokenFile
from tasker_consumers.importers.github.actions import read
from tests.unit.consumers.importers.github.test_attempts import at, job, jobs, run

RUN, JOBS = run(), jobs(job(1, "build", at(0, 5), at(5)))
GH_STEP = {"name": "s", "number": 1, "status": "completed", "conclusion": "success",
           "startedAt": at(0, 6), "completedAt": at(4)}  # fmt: skip
GH_JOB = {"databaseId": 1, "name": "build", "status": "completed", "conclusion": "success",
          "startedAt": at(0, 5), "completedAt": at(5), "steps": [GH_STEP], "url": "u"}  # fmt: skip
GH_RUN = {"databaseId": 9001, "attempt": 1, "name": "CI", "workflowName": "CI", "workflowDatabaseId": 55, "number": 3,
          "status": "completed", "conclusion": "success", "createdAt": at(0), "startedAt": at(0), "headSha": "c0ffee",
          "updatedAt": at(5, 5), "url": "u", "jobs": [GH_JOB]}  # fmt: skip


def events_of(text: str) -> list[tuple[str, str, int]]:
    return [(event.event_id, event.name, event.timestamp) for event in read(text.encode(), "run.json")]


PLAIN = events_of(json.dumps([RUN, JOBS]))
SHAPES: dict[str, Any] = {
    "lists of lists": [[RUN], [JOBS]],
    "a page of runs": [{"total_count": 1, "workflow_runs": [RUN]}, JOBS],
    "webhooks": [
        {"action": "completed", "workflow_run": RUN},
        {"action": "completed", "workflow_job": JOBS["jobs"][0]},
    ],
    "empty texts": [{**RUN, "head_branch": "", "head_sha": ""}, JOBS],
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_each_shape_reads_like_the_plain_answers(shape: Any) -> None:
    assert events_of(json.dumps(shape)) == PLAIN


def test_an_answer_on_each_line_reads_like_the_list() -> None:
    assert events_of(f"{json.dumps(RUN)}\n{json.dumps(JOBS)}\n") == PLAIN


def test_the_json_of_gh_has_the_run_its_jobs_and_their_steps() -> None:
    events = read(json.dumps(GH_RUN).encode(), "run.json")
    assert {event.task_id for event in events} == {"github-actions:9001", "github-actions:9001:1"}
    assert {event.fields["step_id"] for event in events if event.is_step} == {"job:build", "step:1:s"}


def test_a_run_in_progress_has_an_empty_conclusion() -> None:
    names = [event.name for event in read(json.dumps([run(status="in_progress", conclusion="")]).encode(), "run.json")]
    assert names == ["task.initialize_requested", "task.start_requested"]


def test_a_run_without_a_name_is_named_by_its_path() -> None:
    nameless = run(name="", path=".github/workflows/ci.yml")
    assert {event.task_name for event in read(json.dumps([nameless]).encode(), "run.json")} == {nameless["path"]}


def page(first: int, last: int, total: int) -> dict[str, Any]:
    return jobs(*[job(number, f"j{number}", at(1), at(2)) for number in range(first, last)], total=total)


def test_a_page_of_jobs_without_the_others_is_refused_by_its_place() -> None:
    with pytest.raises(BrokenFile, match=r"^\[1\]\.jobs: 30 of 45, fetch the other pages$"):
        read(json.dumps([run(), page(1, 31, 45)]).encode(), "run.json")


def test_all_pages_of_jobs_go_in() -> None:
    events = read(json.dumps([run(), page(1, 31, 45), page(31, 46, 45)]).encode(), "run.json")
    assert len({event.fields["step_id"] for event in events if event.is_step}) == 45


def test_a_page_without_jobs_that_counts_some_is_refused() -> None:
    with pytest.raises(BrokenFile, match="0 of 3, fetch the other pages"):
        read(json.dumps([run(), {"total_count": 3, "jobs": []}]).encode(), "run.json")


def test_a_list_of_runs_that_goes_on_is_imported_and_says_so() -> None:
    notes: list[str] = []
    whole = {"total_count": 1, "workflow_runs": [run()]}
    assert read(json.dumps(whole).encode(), "runs.json", notes.append)
    assert notes == []
    assert read(json.dumps({**whole, "total_count": 45}).encode(), "runs.json", notes.append)
    assert notes == ["1 of 45 runs are in the file: fetch the other pages for more"]


def test_answers_one_behind_the_other_read_like_a_list() -> None:
    pages = [run(), jobs(job(1, "build", at(0, 5), at(5)))]
    plain = read(json.dumps(pages).encode(), "run.json")
    assert read("".join(map(json.dumps, pages)).encode(), "run.json") == plain
    assert read("\n".join(json.dumps(page, indent=2) for page in pages).encode(), "run.json") == plain
