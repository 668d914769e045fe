"""The critical path, against all paths of small graphs and on the largest ones."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.critical_path import Node, critical_path


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Node]:
    names = [str(n) for n in range(draw(st.integers(1, 7)))]
    before = [st.lists(st.sampled_from([*names[:n], "never seen"]), max_size=3) for n in range(len(names))]
    return {name: Node(name, draw(st.integers(0, 5)), draw(before[n])) for n, name in enumerate(names)}


def longest_by_trying_all(graph: dict[str, Node], last: str) -> int:
    before = [name for name in graph[last].depends_on or () if name in graph]
    return (graph[last].time or 0) + max((longest_by_trying_all(graph, name) for name in before), default=0)


@given(graphs())
def test_no_chain_of_steps_takes_longer_than_the_critical_path(graph: dict[str, Node]) -> None:
    path = critical_path(graph.values())
    assert path is not None
    assert path.time == max(longest_by_trying_all(graph, name) for name in graph)
    assert sum(graph[name].time or 0 for name in path.steps) == path.time
    assert all(a in (graph[b].depends_on or ()) for a, b in zip(path.steps, path.steps[1:], strict=False))


@given(graphs(), st.randoms())
def test_the_path_does_not_depend_on_the_order_of_steps(graph: dict[str, Node], random: Random) -> None:
    steps = list(graph.values())
    random.shuffle(steps)
    assert critical_path(steps) == critical_path(graph.values())


def test_a_chain_of_twenty_thousand_steps_needs_no_recursion() -> None:
    path = critical_path(Node(f"{n}", 1, [f"{n - 1}"]) for n in range(20_000))
    assert path is not None
    assert (len(path.steps), path.time) == (20_000, 20_000)


def test_steps_that_depend_on_each_other_have_no_path() -> None:
    assert critical_path([Node("a", 1, ["b"]), Node("b", 1, ["a"]), Node("c", 1, [])]) is None


def test_without_any_told_dependency_the_path_is_unknown() -> None:
    assert critical_path([Node("a", 1, None)]) is None
