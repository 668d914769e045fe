"""A large run in few lines, and nothing that failed is hidden."""

from tasker_consumers.trace_view.narrowing import count_nodes, fold_siblings, only_depth, only_failed
from tasker_schemas.names import TaskEvents
from tests.support.runs import flat, run_of, tree_of
from tests.support.telemetry.histories import FAILURE, Told, attempt, failed_order, order, told


def chunks(count: int, failed: int = 0, name: str = "chunk") -> list[Told]:
    history = [told(TaskEvents.START_REQUESTED, 0)]
    for n in range(count):
        outcome = "failed" if n < failed else "completed"
        more = FAILURE if n < failed else {}
        history += attempt(f"chunk-{n}", n, n + 2, outcome, step_name=name.format(n), **more)
    return history


def lines(history: list[Told]) -> list[tuple[str, int, int]]:
    return [(node.title, node.count, node.failed) for node in flat(fold_siblings(tree_of(run_of(history))))][1:]


def test_equal_steps_are_one_line_that_counts_them() -> None:
    assert lines(chunks(1000)) == [("chunk", 1000, 0)]


def test_failed_steps_among_them_keep_their_lines() -> None:
    assert lines(chunks(1000, failed=2)) == [
        ("chunk", 1000, 2),
        ("chunk chunk-0", 1, 1),
        ("chunk chunk-1", 1, 1),
    ]


def test_a_few_equal_steps_stay_apart() -> None:
    assert len(lines(chunks(4))) == 4


def test_many_steps_whose_names_differ_in_a_number_are_one_line() -> None:
    assert lines(chunks(100, name="project_{}")) == [("project_#", 100, 0)]
    assert len(lines(chunks(19, name="project_{}"))) == 19


def test_a_folded_line_lasts_from_the_first_start_to_the_last_end() -> None:
    task, folded = flat(fold_siblings(tree_of(run_of(chunks(50)))))
    assert (folded.start, folded.end) == (task.start, task.end)


def test_only_what_failed_is_left_with_what_it_belongs_to() -> None:
    assert [node.title for node in flat(only_failed(tree_of(run_of(failed_order()))))] == [
        "order_processing 42",
        "charge_step",
    ]
    assert only_failed(tree_of(run_of(chunks(3)))) == []


def test_a_line_says_how_many_are_hidden_below_it() -> None:
    nodes = tree_of(run_of(order()))
    assert [node.title for node in flat(only_depth(nodes, 1))] == ["order_processing 42 (+4 below)"]
    assert count_nodes(only_depth(nodes, 2)) == 5
