"""Populations: an injected cause is ranked first, equal populations stay quiet, small ones are not guessed at."""

from random import Random

import pytest

from tasker_consumers.compare.population import LEAST_RUNS, compare_populations
from tasker_consumers.compare.population_text import headlines, population_to_json, step_rows, value_rows
from tasker_consumers.compare.run_facts import RunFacts
from tasker_consumers.compare.split import Split, by_failure, by_slowness, by_version
from tasker_consumers.strict_json import strict_json
from tests.support.populations import STEPS, VERSIONS, Cause, a_cause, a_population

KINDS = ("service", "region", "service_version", "step")


def test_the_injected_cause_of_nine_in_ten_populations_is_ranked_first() -> None:
    first = 0
    for seed in range(50):
        draw, kind = Random(seed), KINDS[seed % 4]
        cause = a_cause(draw, kind)
        runs = a_population(draw, 700, cause)
        if kind == "step":
            other = VERSIONS[cause.value == VERSIONS[0]]
            difference = compare_populations(by_version(runs, cause.value, other))
            first += [step.step for step in difference.significant_steps[:1]] == [cause.step]
        else:
            difference = compare_populations(by_slowness(runs, 95))
            first += [(v.name, v.value) for v in difference.significant_values[:1]] == [(cause.name, cause.value)]
    assert first >= 45


def test_of_equal_populations_one_in_twenty_at_most_is_called_different() -> None:
    alarms = 0
    for seed in range(200):
        runs = a_population(Random(seed), 160, Cause())
        difference = compare_populations(by_version(runs, *VERSIONS))
        alarms += bool(difference.significant_steps or difference.significant_values)
    assert alarms <= 10


def test_the_shares_of_the_steps_are_the_whole_shift() -> None:
    draw = Random(1)
    difference = compare_populations(by_slowness(a_population(draw, 700, a_cause(draw, "region")), 95))
    assert sum(step.shift for step in difference.steps) == pytest.approx(difference.shift)
    assert sum(step.share or 0 for step in difference.steps) == pytest.approx(1)


@pytest.mark.parametrize(("suspects", "others", "ranked"), [(29, 400, False), (400, 29, False), (30, 30, True)])
def test_below_thirty_runs_there_is_no_guess(suspects: int, others: int, *, ranked: bool) -> None:
    runs = a_population(Random(2), suspects + others, Cause())
    difference = compare_populations(Split(runs[:suspects], runs[suspects:], "here", "there"))
    assert bool(difference.steps) is difference.is_large_enough is ranked
    assert ("no guess" in " ".join(headlines(difference, "order"))) is not ranked
    assert LEAST_RUNS == 30


def test_the_step_in_which_failed_runs_failed_is_ranked_first() -> None:
    runs = a_population(Random(3), 100, Cause())
    for run in runs[:40]:
        run.status, run.failed = "error", {"charge_card"}
    difference = compare_populations(by_failure(runs))
    assert difference.steps[0].step == "charge_card"
    assert (difference.steps[0].suspects_failed, difference.steps[0].others_failed) == (40, 0)


def test_a_number_is_compared_by_its_quartiles() -> None:
    runs = a_population(Random(4), 400, Cause())
    for run in runs:
        run.duration = round(run.numbers["", "amount"] * 1e9)
    values = compare_populations(by_slowness(runs, 75)).significant_values
    assert values[0].name == "amount"
    assert values[0].value.startswith("> 7")


def test_rows_and_document_show_counts_and_chance() -> None:
    draw = Random(5)
    cause = a_cause(draw, "region")
    difference = compare_populations(by_slowness(a_population(draw, 700, cause), 95))
    assert len(step_rows(difference, 3)) == 3
    assert step_rows(difference, 9)[0][0] == cause.step
    value, suspects, others, *_ = value_rows(difference, 1)[0]
    assert value == f"region={cause.value}"
    assert (suspects.endswith("of 35"), others.endswith("of 665")) == (True, True)
    assert f'"value": "{cause.value}"' in strict_json(population_to_json(difference, "order"))


def test_marks_that_all_or_few_runs_have_are_not_compared() -> None:
    runs: list[RunFacts] = a_population(Random(6), 80, Cause())
    for number, run in enumerate(runs):
        run.values |= {(("", "fleet"), "all"), (("", "id"), str(number))}
    difference = compare_populations(Split(runs[:40], runs[40:], "here", "there"))
    assert {value.name for value in difference.values}.isdisjoint({"fleet", "id"})
    assert {step.step for step in difference.steps} == set(STEPS)
