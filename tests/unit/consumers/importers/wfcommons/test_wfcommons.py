"""WfFormat documents as events, and everything that can be wrong with them."""

import gzip
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.importers import BrokenFile, ImportedEvent
from tasker_consumers.importers.wfcommons.schedule import GraphCycle, schedule
from tasker_consumers.importers.wfcommons.workflow import read
from tests.support.importers.imported import imported

SECOND = 1_000_000
START = 1_616_479_476_000_000  # 2021-03-23T06:04:36Z


def instance(**runs: tuple[float, list[str]]) -> dict[str, Any]:
    """Return a document in WfFormat 1.5; each task is given as its runtime and its parents."""
    return {
        "name": "diamond",
        "schemaVersion": "1.5",
        "workflow": {
            "specification": {
                "tasks": [{"id": key, "name": f"{key}-name", "parents": run[1]} for key, run in runs.items()]
            },
            "execution": {
                "executedAt": "2021-03-23T06:04:36Z",
                "tasks": [{"id": key, "runtimeInSeconds": run[0]} for key, run in runs.items()],
            },
        },
    }


DIAMOND = instance(a=(1.5, []), b=(2, ["a"]), c=(0.25, ["a"]), d=(1, ["b", "c"]))


def events_of(document: Any, name: str = "run.json") -> list[ImportedEvent]:
    return read(json.dumps(document).encode(), name)


def fault_of(document: Any) -> str:
    with pytest.raises(BrokenFile) as caught:
        events_of(document)
    return str(caught.value)


def times(events: list[ImportedEvent], name: str) -> dict[str, float]:
    return {e.fields["step_id"]: (e.timestamp - START) / 1e6 for e in events if e.name == name}


def test_a_step_starts_when_its_last_parent_has_ended() -> None:
    assert times(events_of(DIAMOND), "step.handle") == {"a": 0, "b": 1.5, "c": 1.5, "d": 3.5}


def test_a_step_lasts_as_long_as_its_runtime() -> None:
    assert times(events_of(DIAMOND), "step.completed") == {"a": 1.5, "b": 3.5, "c": 1.75, "d": 4.5}


def test_the_task_announces_its_steps_and_ends_with_the_last_one() -> None:
    events = events_of(DIAMOND)
    assert [events[0].name, events[1].name] == ["task.initialize_requested", "task.start_requested"]
    assert events[0].fields["total_steps"] == 4
    assert (events[-1].name, events[-1].timestamp) == ("task.completed", START + 4_500_000)


def test_parents_become_what_a_step_depends_on() -> None:
    (last,) = [e for e in events_of(DIAMOND) if e.name == "step.completed" and e.fields["step_id"] == "d"]
    assert last.fields["depends_on"] == ["b", "c"]


def test_machine_cores_and_bytes_are_attributes_of_the_step() -> None:
    document = instance(a=(1, []))
    told = {"machines": ["n1", "n2"], "coreCount": 4, "readBytes": 7, "writtenBytes": 8, "memoryInBytes": 9}
    document["workflow"]["execution"]["tasks"][0] |= told
    attributes = events_of(document)[-2].attributes
    assert attributes["machine"] == "n1, n2"
    assert [attributes[key] for key in ("cores", "read_bytes", "written_bytes", "memory_bytes")] == [4, 7, 8, 9]


@pytest.mark.parametrize("version", ["1.3", "1.4"])
@pytest.mark.parametrize("runtime", ["runtime", "runtimeInSeconds"])
def test_older_versions_keep_everything_of_a_task_in_one_list(version: str, runtime: str) -> None:
    first = {"name": "first", "id": "ID1", "type": "compute", runtime: 2.5, "machine": "n1", "cores": 2}
    second = {"name": "second", "id": "ID2", "type": "compute", runtime: 1, "parents": ["first"], "memory": 3}
    workflow = {"executedAt": "20210323T060436+0000", "tasks": [first, second]}
    events = events_of({"name": "old", "schemaVersion": version, "workflow": workflow})
    assert times(events, "step.handle") == {"ID1": 0, "ID2": 2.5}
    assert events[-2].fields["depends_on"] == ["ID1"]
    assert events[-2].attributes["memory_bytes"] == 3 * 1024


def test_a_compressed_file_gives_the_same_events_as_the_plain_one() -> None:
    raw = json.dumps(DIAMOND).encode()
    assert read(gzip.compress(raw), "run.json.gz") == read(raw, "other.json")


def test_another_content_is_another_task_with_the_same_name() -> None:
    one, other = events_of(DIAMOND)[0], events_of(instance(a=(1, [])))[0]
    assert one.task_name == other.task_name == "diamond"
    assert one.task_id != other.task_id


def test_runtimes_add_up_exactly_along_a_long_chain() -> None:
    chain = {f"s{at}": (0.1, [f"s{at - 1}"] if at else []) for at in range(1000)}
    assert events_of(instance(**chain))[-1].timestamp == START + 100_000_000


def test_a_workflow_without_tasks_is_complete_at_once() -> None:
    assert [e.name for e in events_of(instance())][-1] == "task.completed"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("schemaVersion",), "1.6", "schemaVersion: expected WfFormat 1.3, 1.4 or 1.5"),
        (("schemaVersion",), None, "schemaVersion: missing"),
        (("name",), 7, "name: expected a text"),
        (("name",), "x" * 901, "name: expected a text of at most 900 characters"),
        (("workflow",), [], "workflow: expected an object"),
        (("workflow", "execution"), None, "workflow.execution: missing"),
        (("workflow", "execution", "executedAt"), "yesterday", "workflow.execution.executedAt: expected a date"),
        (("workflow", "execution", "executedAt"), "0001-01-01T00:00:00Z", "executedAt: expected a date between 1970"),
        (("workflow", "execution", "tasks"), {}, "workflow.execution.tasks: expected a list"),
        (("workflow", "execution", "tasks", 3), {"id": "x"}, "workflow.execution.tasks[3].id: expected the id of"),
        (("workflow", "execution", "tasks", 3), {"id": "a"}, "workflow.execution.tasks[3].id: expected an id"),
        (("workflow", "execution", "tasks"), [], "workflow.execution.tasks: expected an entry for the task 'a'"),
        (("workflow", "execution", "tasks", 2, "runtimeInSeconds"), None, "tasks[2].runtimeInSeconds: missing"),
        (
            ("workflow", "execution", "tasks", 2, "runtimeInSeconds"),
            "2",
            "tasks[2].runtimeInSeconds: expected a number",
        ),
        (
            ("workflow", "execution", "tasks", 2, "runtimeInSeconds"),
            True,
            "tasks[2].runtimeInSeconds: expected a number",
        ),
        (("workflow", "execution", "tasks", 2, "runtimeInSeconds"), -1, "tasks[2].runtimeInSeconds: expected seconds"),
        (
            ("workflow", "execution", "tasks", 2, "runtimeInSeconds"),
            9e9,
            "workflow: its tasks would end after the year",
        ),
        (("workflow", "specification", "tasks", 1), "b", "workflow.specification.tasks[1]: expected an object"),
        (("workflow", "specification", "tasks", 1, "parents"), "a", "tasks[1].parents: expected a list"),
        (
            ("workflow", "specification", "tasks", 1, "parents"),
            ["z"],
            "tasks[1].parents[0]: expected the id of another",
        ),
        (("workflow", "specification", "tasks", 1, "parents"), ["d"], "tasks[1].parents: a cycle, each waits for the"),
        (("workflow", "specification", "tasks", 1, "id"), "a", "tasks[1].id: expected an id that no other task has"),
    ],
)
def test_a_fault_is_named_by_the_path_of_its_value(path: tuple[str | int, ...], value: Any, fault: str) -> None:
    document: Any = json.loads(json.dumps(DIAMOND))
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert fault in fault_of(document)


@pytest.mark.parametrize(
    ("raw", "name", "fault"),
    [
        (b"", "run.json", "the file is empty"),
        (b"", "run.json.gz", "the file is empty"),
        (b'{"name": "x",\n "workflow"', "run.json", "line 2, column 12: not JSON: Expecting ':' delimiter"),
        (b'{"name": "\xff"}', "run.json", "line 1, column 11: not UTF-8"),
        (b'{"name": "\\ud800"}', "run.json", "not Unicode: surrogates not allowed"),
        (b'{"name": NaN}', "run.json", "NaN is not a number of JSON"),
        (b"[" * 200_000, "run.json", "not readable as JSON"),
        (b"[]", "run.json", "the document: expected an object"),
        (b"{}", "run.json.gz", "not gzip, although the name ends in .gz"),
        (gzip.compress(b"{}", mtime=0)[:-4], "run.json.gz", "damaged gzip"),
    ],
)
def test_a_file_that_is_no_json_is_named_by_the_place_of_the_fault(raw: bytes, name: str, fault: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        read(raw, name)
    assert fault in str(caught.value)


GRAPHS = st.lists(
    st.tuples(st.decimals(0, 1000, places=6), st.sets(st.integers(0, 30), max_size=4)), min_size=1, max_size=30
)


@given(GRAPHS)
def test_no_step_of_a_schedule_starts_before_or_after_its_last_parent_ends(
    graph: list[tuple[Decimal, set[int]]],
) -> None:
    durations = [duration for duration, _ in graph]
    parents = [[parent for parent in above if parent < at] for at, (_, above) in enumerate(graph)]
    slots = {slot.position: slot for slot in schedule(durations, parents)}
    for at, above in enumerate(parents):
        assert slots[at].start == max((slots[parent].end for parent in above), default=0)
        assert slots[at].end == slots[at].start + durations[at]


@given(st.integers(1, 20), st.integers(0, 20))
def test_a_cycle_is_told_by_its_members_alone(length: int, others: int) -> None:
    ring = [[(at + 1) % length] for at in range(length)]
    after = [[0] for _ in range(others)]
    with pytest.raises(GraphCycle) as caught:
        schedule([Decimal(1)] * (length + others), ring + after)
    assert sorted(caught.value.members) == list(range(length))


def with_starts(*starts: str | None) -> dict[str, Any]:
    tasks = [("split", "s", [], 10), ("work", "a", ["s"], 20), ("work", "b", ["s"], 30)]
    specified = [{"name": name, "id": key, "parents": parents, "children": []} for name, key, parents, _ in tasks]
    executed = [
        {"id": key, "runtimeInSeconds": seconds, **({"executedAt": f"2026-03-01T10:{start}+00:00"} if start else {})}
        for (_, key, _, seconds), start in zip(tasks, starts, strict=True)
    ]
    execution = {"makespanInSeconds": 130, "executedAt": "2026-03-01T10:00:00+00:00", "tasks": executed}
    workflow = {"specification": {"tasks": specified}, "execution": execution}
    return {"name": "demo", "schemaVersion": "1.5", "workflow": workflow}


@pytest.mark.parametrize(
    ("starts", "slots"),
    [
        (("00:05", "00:20", "01:40"), {"s": (5, 15), "a": (20, 40), "b": (100, 130)}),
        (("00:05", None, "01:40"), {"s": (5, 15), "a": (15, 35), "b": (100, 130)}),
        ((None, None, None), {"s": (0, 10), "a": (10, 30), "b": (10, 40)}),
        ((None, "00:03", None), {"s": (0, 10), "a": (3, 23), "b": (10, 40)}),
    ],
)
def test_a_start_that_the_file_tells_is_taken(starts: tuple[str | None, ...], slots: dict[str, Any]) -> None:
    events = read(json.dumps(with_starts(*starts)).encode(), "w.json")
    begin = events[0].timestamp
    ended = [event.fields for event in events if event.name == "step.completed"]
    seconds = [((f["started_at"] - begin) // SECOND, (f["completed_at"] - begin) // SECOND) for f in ended]
    assert dict(zip([fields["step_id"] for fields in ended], seconds, strict=True)) == slots
    assert events[-1].fields["execution_duration"] == max(end for _, end in slots.values())


def test_the_critical_path_is_that_of_the_runtimes() -> None:
    (task,) = imported(read, with_starts("00:05", "00:20", "01:40")).stats.values()
    assert (task["duration_s"], task["critical_path_s"]) == (130.0, 40.0)


def test_a_quantity_in_bytes_is_taken_before_the_same_in_kib() -> None:
    document = with_starts(None, None, None)
    document["workflow"]["execution"]["tasks"][0] |= {
        "bytesRead": 11, "readBytes": 11000, "writtenBytes": 2000, "bytesWritten": 2, "memory": 5,
    }  # fmt: skip
    ends = [event for event in read(json.dumps(document).encode(), "w.json") if event.name == "step.completed"]
    used = next(event.attributes for event in ends if event.fields["step_id"] == "s")
    assert (used["read_bytes"], used["written_bytes"], used["memory_bytes"]) == (11000, 2000, 5120)
