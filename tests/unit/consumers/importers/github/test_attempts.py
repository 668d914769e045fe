"""Jobs that a later attempt of a run took over are told once, as the attempt that they copy."""

import json
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from tasker_consumers.importers.github.actions import read
from tests.support.importers.imported import Imported, imported

RUN = "github-actions:9001"


def at(minute: int, second: int = 0) -> str:
    return f"2026-03-01T10:{minute:02d}:{second:02d}Z"


def run(**changes: Any) -> dict[str, Any]:
    return {
        "id": 9001, "name": "CI", "workflow_id": 55, "run_attempt": 1, "status": "completed", "conclusion": "success",
        "created_at": at(0), "run_started_at": at(0), "updated_at": at(10, 5), **changes,
    }  # fmt: skip


def job(number: int, name: str, start: str, end: str | None, attempt: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "run_id": 9001, "run_attempt": attempt, "name": name, "status": "completed",
        "conclusion": "success", "created_at": at(0, 1), "started_at": start, "completed_at": end, "steps": [],
        **changes,
    }  # fmt: skip


def jobs(*listed: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"total_count": total or len(listed), "jobs": list(listed)}


def result(*files: Any) -> Imported:
    return imported(read, *files)


AGAIN = run(run_attempt=2, run_started_at=at(30), updated_at=at(36, 5))
FIRST = run(conclusion="failure")
STEPS = [{"number": 1, "name": "s", "status": "completed", "conclusion": "success",
          "started_at": at(0, 6), "completed_at": at(4)}]  # fmt: skip
OLD = (job(1, "build", at(0, 5), at(5)), job(2, "test", at(0, 6), at(6), conclusion="failure"))
COPY = job(11, "build", at(0, 5), at(5), 2, created_at=at(30))
NEW = (COPY, job(12, "test", at(30, 9), at(36), 2, created_at=at(30)))


@pytest.mark.parametrize(
    "listed",
    [(*OLD, *NEW), (*OLD, {**COPY, "run_attempt": 1}, NEW[1])],
    ids=["under the number of its attempt", "under the number of the attempt that it copies"],
)
def test_a_copied_job_is_no_attempt_of_its_own(listed: tuple[dict[str, Any], ...]) -> None:
    task = result([AGAIN, jobs(*listed)]).stats[RUN]
    assert (task["total_steps"], task["attempts"], task["retries"], task["step_time_s"]) == (2, 3, 1, 1000.0)


def test_the_list_of_the_last_attempt_alone_tells_a_copy_as_the_first() -> None:
    both = result([AGAIN, jobs(*NEW)])
    task = both.stats[RUN]
    assert (task["attempts"], task["retries"], task["step_time_s"]) == (3, 1, 646.0)
    assert sorted(both.attempts("job:build")) == [1]
    assert sorted(both.attempts("job:test")) == [2]


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_lists_that_are_imported_one_by_one_give_the_same_in_every_order(order: tuple[int, ...]) -> None:
    with_steps = ({**OLD[0], "steps": STEPS}, OLD[1])
    copied = ({**COPY, "steps": STEPS}, NEW[1])
    files = [[FIRST, jobs(*with_steps)], [AGAIN, jobs(*copied)], [AGAIN, jobs(*with_steps, *copied)]]
    together = result(*(files[number] for number in order))
    assert {task_id: task["attempts"] for task_id, task in together.stats.items()} == {RUN: 3, f"{RUN}:1": 1}
    assert (together.attempts("job:build"), together.attempts("job:test")) == ([1], [1, 2])


@pytest.mark.parametrize("conclusion", ["success", "failure", "cancelled", "skipped", "neutral"])
def test_a_third_attempt_copies_jobs_of_both_attempts_before(conclusion: str) -> None:
    third = run(run_attempt=3, run_started_at=at(50), updated_at=at(55, 2))
    copies = [{**COPY, "id": 21, "run_attempt": 3, "created_at": at(50), "conclusion": conclusion},
              {**NEW[1], "id": 22, "run_attempt": 3, "created_at": at(50)},
              job(23, "deploy", at(50, 9), at(55), 3, created_at=at(50))]  # fmt: skip
    both = result([AGAIN, third, jobs(*copies)])
    assert [both.attempts(f"job:{name}") for name in ("build", "test", "deploy")] == [[1], [2], [3]]


def test_a_second_import_after_the_run_was_touched_changes_nothing() -> None:
    once = [run(), jobs(job(1, "build", at(0, 5), at(5)))]
    touched = [run(updated_at="2027-04-05T00:00:00Z"), once[1]]
    first, both = result(once), result(once, touched)
    assert first.stats == both.stats == result(touched, once).stats
    assert first.stats[RUN]["duration_s"] == 300.0
    assert first.spans == both.spans == result(touched, once).spans


def contradictions() -> Iterator[list[Any]]:
    late = "2026-03-23T10:0"
    ended_earlier = job(13, "deploy", f"{late}0:30Z", at(6), 2, conclusion="cancelled", created_at=f"{late}0:29Z")
    yield [run(run_attempt=2, run_started_at=f"{late}0:00Z", updated_at=f"{late}1:00Z"), jobs(ended_earlier)]
    backwards = [{**STEPS[0], "started_at": at(6, 2), "completed_at": at(6)}]
    yield [run(), jobs(job(1, "build", at(5), at(9), steps=backwards))]


@pytest.mark.parametrize("file", list(contradictions()))
def test_an_end_before_the_start_claims_no_duration(file: list[Any]) -> None:
    ends = [event.fields for event in read(json.dumps(file).encode(), "run.json") if "completed_at" in event.fields]
    backwards = [end for end in ends if end["completed_at"] < end["started_at"]]
    assert backwards
    assert not any("execution_duration" in end for end in backwards)
