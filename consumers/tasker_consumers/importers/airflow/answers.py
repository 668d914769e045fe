"""Gathers DAG runs, task instances and the tasks' order from Airflow's answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.errors import BrokenFile

_LISTS = ("task_instances", "dag_runs", "tasks")
_ENTRY = ("task_id", "dag_run_id", "run_id", "dag_id")

RunKey = tuple[str, str]  # a DAG's id and the id of its run


@dataclass(slots=True)
class Answers:
    """The entries of a file.

    `instances` are by run, step and try: of two answers about the same try the later counts.
    """

    runs: dict[RunKey, Node] = field(default_factory=dict)
    instances: dict[RunKey, dict[tuple[str, int], Node]] = field(default_factory=dict)
    #: Of each DAG, the tasks that each task waits for.
    upstream: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    #: Lists that have fewer entries than their total, by kind and total: the first list, and the number of entries.
    _pages: dict[tuple[str, int], tuple[Node, int]] = field(default_factory=dict)
    #: Of each kind of list, the place that says that pages follow, None once the last page is there.
    _cursors: dict[str, Node | None] = field(default_factory=dict)

    def add(self, root: Node) -> None:
        """Take the content of an answer; raise BrokenFile when it is none of Airflow's."""
        if isinstance(root.value, list):
            for item in root.items():
                self.add(item)
        elif (kind := next((name for name in _LISTS if root.find(name) is not None), None)) is not None:
            self._add_list(root, kind)
        elif not any(root.find(name) for name in _ENTRY):
            root.refuse("a DAG run, a task instance or a list of them")
        elif root.find("downstream_task_ids") is not None:
            self._add_task(root, root.find("dag_id"))
        elif root.find("task_id") is not None:
            self._add_instance(root)
        else:
            self.runs[_key(root)] = root

    def check_pages(self) -> None:
        """Raise BrokenFile when pages of a list are missing."""
        for (kind, total), (page, count) in self._pages.items():
            if count < total:
                raise BrokenFile(f"{page.path}.{kind}".lstrip("."), f"{count} of {total}, fetch the other pages")
        for cursor in self._cursors.values():
            if cursor is not None:
                raise BrokenFile(cursor.path, "more pages follow, fetch them, too")

    def _add_list(self, root: Node, kind: str) -> None:
        listed = root.get(kind).items()
        total = root.find("total_entries")
        if (cursor := root.find("next_cursor")) is not None:
            self._cursors.setdefault(kind, cursor)
        elif root.find("previous_cursor") is not None:
            self._cursors[kind] = None
        if total is not None and len(listed) < total.integer():
            page, count = self._pages.get((kind, total.integer()), (root, 0))
            self._pages[kind, total.integer()] = (page, count + len(listed))
        for node in listed:
            if kind == "tasks":
                self._add_task(node, root.find("dag_id") or node.find("dag_id"))
            else:
                self.add(node)

    def _add_instance(self, node: Node) -> None:
        self.instances.setdefault(_key(node), {})[step_id_of(node), attempt_of(node)] = node

    def _add_task(self, node: Node, dag_id: Node | None) -> None:
        waits = self.upstream.setdefault(dag_id.identifier() if dag_id else "", {})
        downstream = node.find("downstream_task_ids")
        for below in downstream.items() if downstream else ():
            waits.setdefault(below.identifier(), []).append(node.get("task_id").identifier())


def _key(node: Node) -> RunKey:
    run_id = node.find("dag_run_id", "run_id", "logical_date", "execution_date") or node.get("dag_run_id")
    return node.get("dag_id").identifier(), run_id.identifier()


def step_id_of(node: Node) -> str:
    """Return the step of a task instance; a mapped task has an instance, and so a step, for each of its inputs."""
    task_id, index = node.get("task_id").identifier(), node.find("map_index")
    number = None if index is None or index.value in (-1, "-1") else index.integer()
    return task_id if number is None else f"{task_id}[{number}]"


def attempt_of(node: Node) -> int:
    """Return the number of a task instance's try, from 1; a task instance that never ran has a try of 0."""
    number = node.find("try_number")
    return max(1, number.integer()) if number else 1


def entries(answers: Answers) -> Iterator[RunKey]:
    """Yield the keys of all runs that the answers tell of."""
    yield from dict.fromkeys([*answers.runs, *answers.instances])
