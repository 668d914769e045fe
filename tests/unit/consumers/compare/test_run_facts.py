"""The facts of runs, from spans."""

from tasker_consumers.compare.run_facts import BETWEEN_STEPS, RunFacts, facts_of_runs
from tests.support.runs import SECOND, run_of
from tests.support.telemetry.histories import Told, failed_order, order


def facts(history: list[Told], name: str = "order_processing") -> list[RunFacts]:
    return facts_of_runs(run_of(history).spans(), name, 0)


def test_decided_times_are_by_name_and_add_up() -> None:
    [run] = facts(order())
    assert sum(run.decided.values()) == run.duration
    assert run.decided.keys() == {BETWEEN_STEPS, "fetch_step", "charge_step", "ship_step"}
    assert run.decided["ship_step"] == SECOND


def test_failures_values_and_numbers_are_known_by_their_step() -> None:
    [run] = facts(order(service_version="1.4"))
    assert (("fetch_step", "cached"), "False") in run.values
    assert run.numbers["fetch_step", "items"] == 3.0
    assert run.numbers["", "customer"] == 7.0
    assert run.versions == {"1.4"}
    [failed] = facts(failed_order())
    assert (failed.status, failed.failed) == ("error", {"charge_step"})


def test_only_tasks_of_the_name_are_runs() -> None:
    history = [*order("a"), *order("b"), *order("c", task_name="refund")]
    assert [run.task_id for run in facts(history)] == ["a", "b"]
    assert [run.task_id for run in facts(history, "refund")] == ["c"]
    assert facts(history, "absent") == []
