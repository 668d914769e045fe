"""Every real file: against an independent reader, twice, in two orders, and cut in the middle.

The numbers of WfCommons and Temporal are in `test_real_files`, those of GitHub in `github/test_real`.

A sample by default; `TEST_SCALE=2` takes all files.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.importers.options import ReadOptions
from tasker_schemas.names import State
from tests.support.importers import list_oracles, oracles
from tests.support.importers.list_oracles import Edges, Item
from tests.support.importers.oracles import Expected, real_files
from tests.support.importers.run_import import Outcome, run_import
from tests.support.scale import SCALE

PATTERNS = {
    "wfinstances": "*.json*", "temporal-histories": "*.json*", "openlineage-dbt": "*.json", "github-actions": "*.rec",
    "jaeger-traces/integration": "*trace*.json", "jaeger-traces/ui": "*.json",
}  # fmt: skip
SAMPLE = 6  # files of a folder
MARQUEZ = "openlineage-marquez"
ITEMS: dict[str, Callable[[Path], list[Item]]] = {
    "openlineage-dbt": list_oracles.items_of_openlineage,
    "jaeger-traces/integration": list_oracles.items_of_otlp,
    "jaeger-traces/ui": list_oracles.items_of_jaeger,
}
COUNTS = ("total_steps", "attempts", "completed_steps", "failed_steps", "cancelled_steps", "status")
ALIBABA = ReadOptions(
    columns={
        "task": "job_id", "step": "task_id", "start": "task_create_time", "end": "task_end_time", "status": "status",
    },
    statuses={"terminated": State.COMPLETE},
    epoch=1_483_228_800_000_000,
)  # fmt: skip
every_folder = pytest.mark.parametrize("folder", PATTERNS)


def files_of(folder: str) -> list[Path]:
    files = sorted(real_files(folder, PATTERNS[folder]), key=lambda path: path.stat().st_size)
    return files if SCALE > 1 else files[: max(SAMPLE, len(files) // 2) : max(1, len(files) // 2 // SAMPLE)]


def numbers(stats: dict[str, Any]) -> tuple[Any, ...]:
    return (*(stats[name] for name in COUNTS), _rounded(stats["duration_s"]))


def told(expected: Expected) -> tuple[Any, ...]:
    counts = (expected.steps, expected.attempts, expected.completed, expected.failed, expected.cancelled)
    return (*counts, expected.status, _rounded(expected.duration_s))


def _rounded(value: float | Fraction | None) -> float | None:
    return None if value is None else round(float(value), 5)


@pytest.mark.parametrize("folder", ITEMS)
def test_every_list_of_what_ran_gives_the_numbers_that_its_file_says(folder: str) -> None:
    for path in files_of(folder):
        items = ITEMS[folder](path)
        outcome = run_import([path])
        assert outcome.faults == []
        # Run ids are not kept in recorded dbt events, so its tasks are told apart by their names.
        key = "task_name" if folder == "openlineage-dbt" else "task_id"
        names = {task["task_id"]: task[key] for task in outcome.stats().values()}
        found = {task[key]: numbers(task) for task in outcome.stats().values()}
        assert found == {name: told(expected) for name, expected in list_oracles.of_items(items).items()}, path
        edges: Edges = {(names[task_id], step): needed for (task_id, step), needed in outcome.edges().items()}
        assert edges == (list_oracles.edges_of(items) if folder == "openlineage-dbt" else {}), path


def test_every_workflow_has_the_edges_that_its_file_says() -> None:
    for path in files_of("wfinstances"):
        tasks = oracles.content(path)["workflow"]["specification"]["tasks"]
        expected = {task["id"]: set(task["parents"]) for task in tasks if task["parents"]}
        assert {step: needed for (_, step), needed in run_import([path]).edges().items()} == expected, path


def test_the_table_of_a_cluster_gives_the_numbers_that_its_rows_say(tmp_path: Path) -> None:
    (path,) = real_files("alibaba-2017", "*.csv.gz")
    header, rows = list_oracles.rows_of_alibaba(path)
    jobs = sorted({row["job_id"] for row in rows})
    chosen = set(jobs if SCALE > 1 else jobs[::80])
    table = tmp_path / "batch_task.csv"
    rows = [row for row in rows if row["job_id"] in chosen]
    table.write_text("\n".join([header, *(",".join(row.values()) for row in rows)]))
    half = tmp_path / "half.csv"
    half.write_text("\n".join(table.read_text().splitlines()[: len(rows) // 2]))
    outcome = run_import([table], reading=ALIBABA)
    stats = outcome.stats()
    assert {key: numbers(task) for key, task in stats.items()} == {
        job: told(expected) for job, expected in list_oracles.of_alibaba(rows).items()
    }
    assert run_import([half, table, table], reading=ALIBABA).stats(-1) == stats


@every_folder
def test_a_second_import_and_another_order_change_nothing(folder: str) -> None:
    files = files_of(folder)
    once = run_import(files)
    assert once.faults == []
    assert run_import([*reversed(files), *files]).stats(-1) == once.stats()


def halves(folder: str, path: Path) -> Any:
    """Return a document with the first half of its events or spans."""
    document = oracles.content(path)
    if folder == "openlineage-dbt":
        return document[: len(document) // 2]
    if folder == "temporal-histories":
        history = document if isinstance(document, dict) else document[0]
        return {**history, "events": history["events"][: (len(history["events"]) + 1) // 2]}
    trace = document.get("data", document)
    trace = trace[0] if isinstance(trace, list) else trace
    return {**trace, "spans": trace["spans"][: len(trace["spans"]) // 2]}


@pytest.mark.parametrize("folder", ["openlineage-dbt", "temporal-histories", "jaeger-traces/ui"])
def test_the_first_half_and_then_the_whole_is_the_whole(folder: str, tmp_path: Path) -> None:
    for number, path in enumerate(files_of(folder)):
        half = tmp_path / f"{number}-{path.name}"
        half.write_text(json.dumps(halves(folder, path), default=float))
        whole = run_import([path])
        both = run_import([half, path])
        assert both.faults == []
        assert _only(both, whole) == whole.stats(), path


def _only(outcome: Outcome, whole: Outcome) -> dict[str, dict[str, Any]]:
    """Return the tasks that the whole tells of: half a trace has spans whose parents are not there yet."""
    return {task_id: task for task_id, task in outcome.stats().items() if task_id in whole.stats()}


@every_folder
def test_bytes_that_end_in_the_middle_are_refused_with_a_place_and_nothing_goes_out(
    folder: str, tmp_path: Path
) -> None:
    cut = [tmp_path / f"{number}-{path.name}" for number, path in enumerate(files_of(folder))]
    for target, path in zip(cut, files_of(folder), strict=True):
        raw = path.read_bytes()
        target.write_bytes(raw[: len(raw) // 2])
    outcome = run_import(cut)
    assert outcome.events == []
    assert len(outcome.faults) == len(cut)
    assert all(fault.place for fault in outcome.report.faults)


def test_the_seed_of_marquez_is_refused_as_a_template_and_imported_with_times(tmp_path: Path) -> None:
    (path,) = real_files(MARQUEZ, "*.json")
    assert run_import([path]).faults == [
        'metadata.template.json: [0].eventTime: expected a date such as 2021-03-23T06:04:36Z, not "{{RUN_START_TIME}}"'
    ]
    text = path.read_text().replace("{{RUN_START_TIME}}", "2026-03-01T10:00:00Z")
    for minutes in _minutes(text):
        text = text.replace(f"{{{{RUN_END_TIME_AFTER_{minutes}_MINUTES}}}}", f"2026-03-01T10:{minutes:02d}:00Z")
    seed = tmp_path / "seed.json"
    seed.write_text(text)
    stats = run_import([seed]).stats()
    runs = json.loads(text)
    ends = {run["run"]["runId"]: int(run["eventTime"][14:16]) for run in runs if run["eventType"] == "COMPLETE"}
    assert {key: task["duration_s"] for key, task in stats.items()} == {
        f"openlineage:{run_id}": 60.0 * minutes for run_id, minutes in ends.items()
    }


def _minutes(text: str) -> Iterable[int]:
    return {int(part.split("_")[0]) for part in text.split("RUN_END_TIME_AFTER_")[1:]}


def test_compressed_files_read_like_plain_files(tmp_path: Path) -> None:
    plain: Sequence[Path] = files_of("temporal-histories")[:2]
    packed = [tmp_path / f"{path.name}.gz" for path in plain]
    for target, path in zip(packed, plain, strict=True):
        target.write_bytes(gzip.compress(path.read_bytes()))
    assert run_import(packed).stats() == run_import(plain).stats()
