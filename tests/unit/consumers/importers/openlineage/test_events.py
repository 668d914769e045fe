"""Run events of OpenLineage: the tree of runs, ends, facets, edges, and what is refused."""

import json
import random
from typing import Any

import pytest

from tests.support.importers.run_import import Files

ROOT, MODEL, QUERY = "0196-root", "0196-model", "0196-query"


def event(kind: str, second: int, run: str, job: str, parent: tuple[str, str] | None = None, **more: Any) -> Any:
    facets = dict(more.pop("facets", {}))
    if parent is not None:
        facets["parent"] = {"run": {"runId": parent[0]}, "job": {"namespace": "ns", "name": parent[1]}}
    return {
        "eventType": kind,
        "eventTime": f"2026-03-01T10:00:{second:02d}Z",
        "run": {"runId": run, "facets": facets},
        "job": {"namespace": "ns", "name": job},
        **more,
    }


TREE = [
    event("START", 0, ROOT, "nightly", facets={"dbt_version": {"version": "1.8", "_producer": "p", "list": [1]}}),
    event("START", 1, MODEL, "orders", (ROOT, "nightly")),
    event("START", 2, QUERY, "orders.sql.1", (MODEL, "orders")),
    event("COMPLETE", 4, QUERY, "orders.sql.1", (MODEL, "orders")),
    event("COMPLETE", 5, MODEL, "orders", (ROOT, "nightly")),
    event("COMPLETE", 9, ROOT, "nightly"),
]


def test_runs_become_a_tree_of_tasks_and_steps(files: Files) -> None:
    outcome = files.run(json.dumps(TREE))
    assert outcome.report.imported[0].history_format == "openlineage"
    stats = outcome.stats()
    assert {key: (task["status"], task["total_steps"], task["duration_s"]) for key, task in stats.items()} == {
        f"openlineage:{ROOT}": ("complete", 1, 9.0),
        f"openlineage:{MODEL}": ("complete", 1, 4.0),
    }
    spans = {span.name: span for span in outcome.spans()}
    assert spans["task orders"].parent_span_id == spans["step orders"].span_id
    assert spans["step orders"].parent_span_id == spans["task nightly"].span_id
    assert len({span.trace_id for span in spans.values()}) == 1
    assert spans["task nightly"].attributes["dbt_version.version"] == "1.8"
    assert not [name for name in spans["task nightly"].attributes if "_producer" in name or "list" in name]


def test_the_order_of_events_and_the_spelling_of_the_file_change_nothing(files: Files) -> None:
    whole = files.run(json.dumps(TREE)).stats()
    shuffled = random.Random(7).sample(TREE, len(TREE))
    for text in (
        json.dumps(shuffled),
        "\n".join(map(json.dumps, shuffled)),
        json.dumps({"events": shuffled, "totalCount": 6}),
        "\n".join(json.dumps(item, indent=1) for item in shuffled),
    ):
        assert files.run(text).stats() == whole


def test_a_part_first_and_the_whole_later_is_the_whole(files: Files) -> None:
    whole = files.run(json.dumps(TREE)).stats()
    part = files.run(json.dumps(TREE[:3]))
    assert part.stats()[f"openlineage:{ROOT}"]["status"] == "in_progress"
    assert files.run(json.dumps(TREE[:3]), json.dumps(TREE)).stats() == whole


def test_failures_carry_the_message_the_class_and_the_frames(files: Files) -> None:
    stack = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\npsycopg2.errors.SyntaxError: no'
    facet = {"errorMessage": {"message": "no", "programmingLanguage": "python", "stackTrace": stack}}
    failed = event("FAIL", 4, MODEL, "orders", (ROOT, "nightly"), facets=facet)
    outcome = files.run(json.dumps([*TREE[:2], failed]))
    (step,) = outcome.named("step.failed")
    assert (step["error_class"], step["error_message"]) == ("psycopg2.errors.SyntaxError", "no")
    assert step["backtrace"][-1] == "psycopg2.errors.SyntaxError: no"


def test_the_same_job_after_a_failure_is_the_next_attempt(files: Files) -> None:
    runs = [
        TREE[0],
        event("START", 1, "try-1", "load", (ROOT, "nightly")),
        event("FAIL", 2, "try-1", "load", (ROOT, "nightly")),
        event("START", 3, "try-2", "load", (ROOT, "nightly")),
        event("COMPLETE", 5, "try-2", "load", (ROOT, "nightly")),
    ]
    task = files.run(json.dumps(runs)).stats()[f"openlineage:{ROOT}"]
    assert (task["total_steps"], task["attempts"], task["completed_steps"], task["step_time_s"]) == (1, 2, 1, 3.0)


def test_a_dataset_that_a_sibling_wrote_is_an_edge(files: Files) -> None:
    orders = [{"namespace": "db", "name": "orders"}]
    runs = [
        event("START", 1, "a", "stage", (ROOT, "nightly"), outputs=orders),
        event("COMPLETE", 2, "a", "stage", (ROOT, "nightly")),
        event("START", 3, "b", "report", (ROOT, "nightly"), inputs=orders),
    ]
    assert files.run(json.dumps(runs)).edges() == {(f"openlineage:{ROOT}", "report"): {"stage"}}


def test_a_parent_that_is_only_named_is_a_task_that_stays_open(files: Files) -> None:
    stats = files.run(json.dumps([TREE[1], TREE[4]])).stats()
    task = stats[f"openlineage:{ROOT}"]
    assert (task["task_name"], task["started_at"], task["completed_steps"]) == ("nightly", None, 1)
    assert task["status"] not in {"complete", "error"}


def test_abort_is_a_cancelled_step_and_a_run_without_a_start_claims_no_duration(files: Files) -> None:
    runs = [TREE[0], event("ABORT", 7, MODEL, "orders", (ROOT, "nightly"))]
    outcome = files.run(json.dumps(runs))
    assert outcome.stats()[f"openlineage:{ROOT}"]["cancelled_steps"] == 1
    assert outcome.named("step.cancelled")[0]["execution_duration"] is None


def test_events_about_jobs_and_datasets_are_passed_over(files: Files) -> None:
    job_event = {"eventTime": "2026-03-01T10:00:00Z", "job": {"namespace": "ns", "name": "j"}, "schemaURL": "x"}
    assert len(files.run(json.dumps([job_event, *TREE])).stats()) == 2


TEMPLATE = "{{ any(result) }}"


def test_a_template_in_place_of_an_id_needs_the_dbt_invocation(files: Files) -> None:
    facets = {"dbt_run": {"invocation_id": "b0ed"}}
    runs = [
        event("START", 0, TEMPLATE, "nightly", facets=facets),
        event("START", 1, TEMPLATE, "orders", (TEMPLATE, "nightly"), facets=facets),
    ]
    (task_id,) = files.run(json.dumps(runs)).stats()
    assert task_id.startswith("openlineage:nightly:")
    assert files.run(json.dumps([event("START", 0, TEMPLATE, "nightly")])).faults == [
        f'file-0: [0].run.runId: expected the id of a run, not "{TEMPLATE}"'
    ]


@pytest.mark.parametrize(
    ("runs", "fault"),
    [
        ([{**TREE[0], "eventType": "BEGIN"}], "[0].eventType: expected one of START, RUNNING"),
        ([{**TREE[0], "eventTime": "{{RUN_START_TIME}}"}], "[0].eventTime: expected a date"),
        ([{**TREE[0], "run": {}}], "[0].run.runId: missing"),
        ([{**TREE[0], "job": {"name": ""}}], "[0].job.name: expected a text"),
        (
            [event("START", 0, "a", "A", ("b", "B")), event("START", 0, "b", "B", ("a", "A"))],
            "the file: runs are each other's parents: a, b",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, runs: Any, fault: str) -> None:
    (found,) = files.run(json.dumps(runs)).faults
    assert found.startswith(f"file-0: {fault}")
