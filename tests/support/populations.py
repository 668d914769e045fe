"""Generated populations of runs with a cause that makes some of them slow, or with none."""

from dataclasses import dataclass
from random import Random

from tasker_consumers.compare.run_facts import RunFacts

STEPS = ("fetch_cart", "charge_card", "reserve_stock", "ship_order", "send_mail")
REGIONS, SERVICES, VERSIONS = "abcd", ("shop-1", "shop-2", "shop-3"), ("1.3", "1.4")
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Cause:
    """A step that takes longer by a factor in the runs where an attribute has a value; an empty name is no cause."""

    step: str = ""
    name: str = ""
    value: str = ""
    factor: float = 2.5


def a_population(draw: Random, runs: int, cause: Cause) -> list[RunFacts]:
    """Return runs whose steps take log-normal times; region, service and version are drawn for each."""
    return [_a_run(draw, number, cause) for number in range(runs)]


def a_cause(draw: Random, kind: str) -> Cause:
    """Return a cause of a kind: `step` is slowed by a version, the others by a value of that attribute."""
    values = {"service": SERVICES, "region": tuple(REGIONS), "service_version": VERSIONS, "step": VERSIONS}[kind]
    name = "service_version" if kind == "step" else kind
    return Cause(draw.choice(STEPS), name, draw.choice(values))


def _a_run(draw: Random, number: int, cause: Cause) -> RunFacts:
    attributes = {
        "region": draw.choice(REGIONS), "service": draw.choice(SERVICES), "service_version": draw.choice(VERSIONS),
    }  # fmt: skip
    times = {step: draw.lognormvariate(0, 0.5) * SECOND for step in STEPS}
    if cause.step and attributes[cause.name] == cause.value:
        times[cause.step] *= cause.factor
    decided = {step: round(time) for step, time in times.items()}
    return RunFacts(
        str(number),
        number * SECOND,
        sum(decided.values()),
        "complete",
        frozenset({attributes["service_version"]}),
        decided,
        values={(("", name), value) for name, value in attributes.items()},
        numbers={("", "amount"): draw.uniform(1, 100)},
    )
