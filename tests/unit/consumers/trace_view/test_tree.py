"""The lines of a run: what they are called, what they waited for, where an error stands."""

from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.runs import SECOND, flat, run_of, tree_of
from tests.support.telemetry.histories import attempt, failed_order, order, told


def titles(history: list) -> list[str]:  # type: ignore[type-arg]
    return [node.title for node in flat(tree_of(run_of(history)))]


def test_a_task_has_name_and_id_and_a_step_its_name() -> None:
    assert titles(order()) == [
        "order_processing 42",
        "fetch_step",
        "charge_step",
        "charge_step attempt 2",
        "ship_step",
    ]


def test_steps_of_one_name_show_their_ids() -> None:
    charges = [line for n in range(3) for line in attempt(f"charge-{n}", n, n + 1, step_name="charge_card")]
    assert titles([*charges, *attempt("fetch", 3, 4)])[1:] == [
        "charge_card charge-0",
        "charge_card charge-1",
        "charge_card charge-2",
        "fetch_step",
    ]


def test_an_error_stands_once_at_the_step_that_failed() -> None:
    nodes = flat(tree_of(run_of(failed_order())))
    assert [(node.title, node.errors) for node in nodes if node.errors] == [
        ("charge_step", ["gateway.Timeout: no answer"])
    ]


def test_the_end_of_a_task_is_no_line_of_its_own() -> None:
    assert len(flat(tree_of(run_of(order())))) == 5


def test_a_running_step_and_its_task_last_until_the_present() -> None:
    history = [told(TaskEvents.START_REQUESTED, 0), told(StepEvents.HANDLE, 1, step_id="a", attempt_number=1)]
    run = run_of(history)
    start = run.spans()[0].start
    task, step = flat(tree_of(run, start + 250 * SECOND))
    assert (task.running, task.end - task.start) == (1, 250 * SECOND)
    assert (step.running, step.end - step.start) == (1, 249 * SECOND)


def test_what_ended_does_not_last_until_the_present() -> None:
    run = run_of(order())
    assert {node.end for node in flat(tree_of(run))} == {node.end for node in flat(tree_of(run, 10**19))}


def test_a_step_waits_since_it_could_have_run() -> None:
    waits = {node.title: round(node.wait / SECOND, 3) for node in flat(tree_of(run_of(order())))}
    assert waits["charge_step attempt 2"] == 1.0  # requested at 3 s, handled at 4 s
    assert waits["ship_step"] == 0.0  # it began when the step before ended
    assert waits["order_processing 42"] == 0.0


def test_the_steps_of_the_critical_path_are_marked() -> None:
    parallel = [
        *attempt("short", 0, 1, depends_on=[]),
        *attempt("long", 0, 5, depends_on=[]),
        *attempt("last", 5, 6, depends_on=["short", "long"]),
    ]
    history = [told(TaskEvents.START_REQUESTED, 0), *parallel, told(TaskEvents.COMPLETED, 6, total_steps=3)]
    assert {node.title for node in flat(tree_of(run_of(history))) if node.critical} == {"long_step", "last_step"}
