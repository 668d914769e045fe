"""Whatever one value of GitHub's answers is replaced by, it is imported or named as a fault; nothing else happens."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.importers import HistoryFormat, ImportReport, import_files
from tasker_producer.testing import RecordingPublisher
from tests.support.scale import SCALE
from tests.unit.consumers.importers.test_damaged import ANYTHING, places

TIMES = {"created_at": "2024-01-01T00:00:00Z", "started_at": "2024-01-01T00:00:01Z"}
JOB = {"id": 2, "run_id": 1, "run_attempt": 2, "name": "j", "status": "completed", "conclusion": "failure", **TIMES}
DOCUMENT: Any = [
    {
        "id": 1, "workflow_id": 7, "name": "w", "path": "w.yml", "head_sha": "c0ffee", "run_attempt": 2,
        "run_number": 3, "conclusion": "failure", "event": "push", "repository": {"full_name": "o/r"}, "html_url": "u",
        **TIMES, "run_started_at": "2024-01-01T00:00:01Z", "updated_at": "2024-01-01T00:00:09Z",
    },
    {
        "jobs": [
            {
                **JOB,
                "completed_at": "2024-01-01T00:00:08Z", "runner_name": "r", "labels": ["linux"],
                "steps": [
                    {"number": 1, "name": "s", "status": "completed", "conclusion": "failure",
                     "started_at": "2024-01-01T00:00:02Z", "completed_at": "2024-01-01T00:00:03Z"},
                    {"number": 2, "name": "t", "status": "completed", "conclusion": "skipped"},
                ],
            }
        ]
    },
]  # fmt: skip


def imported(document: Any, path: Path) -> ImportReport:
    path.write_text(json.dumps(document))
    return import_files(HistoryFormat.GITHUB_ACTIONS, [path], RecordingPublisher())


@settings(max_examples=100 * SCALE)
@given(chosen=st.integers(min_value=0), replacement=ANYTHING)
def test_a_damaged_answer_is_imported_or_named_and_never_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, chosen: int, replacement: Any
) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    replacers = list(places(document))
    replacers[chosen % len(replacers)](replacement)
    report = imported(document, tmp_path_factory.getbasetemp() / "run.json")
    assert report.files + len(report.faults) == 1
    assert all(fault.place for fault in report.faults), report.faults


def test_the_undamaged_answers_are_imported_without_a_fault(tmp_path: Path) -> None:
    report = imported(DOCUMENT, tmp_path / "run.json")
    assert (report.faults, report.task_ids) == ((), ("github-actions:1", "github-actions:1:2"))
