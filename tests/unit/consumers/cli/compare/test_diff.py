"""`tasker diff` on files: no broker is needed."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tasker_consumers.replay.container import write_container
from tests.support.command_line import run_main
from tests.support.runs import stored
from tests.support.telemetry.histories import attempt, failed_order, order, told


@pytest.fixture
def two_runs(tmp_path: Path) -> str:
    file = tmp_path / "runs.avro"
    write_container(stored([*order("good"), *failed_order("bad")]), file)
    return str(file)


@pytest.fixture(scope="module")
def many_runs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eighty runs; those of version 1.4 charge for a second longer."""
    draw, file = Random(1), tmp_path_factory.mktemp("runs") / "runs.avro"
    history = []
    for number in range(80):
        same: dict[str, Any] = {"task_id": f"order-{number}", "service_version": ("1.3", "1.4")[number % 2]}
        charged = 2 + draw.random() + number % 2
        history += [
            told("task.start_requested", 0, **same),
            *attempt("fetch", 0, 1, **same),
            *attempt("charge", 1, charged, **same),
            told("task.completed", charged, **same),
        ]
    write_container(stored(history), file)
    return str(file)


def test_two_runs_are_compared(two_runs: str) -> None:
    ended = run_main("diff", "good", "bad", "--from-file", two_runs)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].startswith("first       order_processing good: complete, 6.00 s")
    assert lines[2] == "difference  -3.00 s"
    assert lines[3].startswith("they part   at order_processing > fetch_step, +0.000: gone")
    assert "(together)\t-3.00 s\t100 %\t6.00 s\t3.00 s" in ended.out
    assert "complete, then error (gateway.Timeout: no answer)" in ended.out
    document = json.loads(run_main("diff", "good", "bad", "--from-file", two_runs, "-o", "json").out)
    assert document["difference_ns"] == -3_000_000_000


def test_two_versions_are_compared(many_runs: str) -> None:
    arguments = ("diff", "--name", "order_processing", "--from-file", many_runs, "--version", "1.4", "--against", "1.3")
    ended = run_main(*arguments)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "order_processing: suspects are 40 runs of version 1.4, others 40 runs of version 1.3"
    assert lines[4].startswith("charge_step\t+975 ms\t100 %")
    document = json.loads(run_main(*arguments, "--json").out)
    assert document["steps"][0]["chance"] < 0.01


def test_too_few_runs_are_told_with_exit_code_one(many_runs: str) -> None:
    ended = run_main("diff", "--name", "order_processing", "--from-file", many_runs, "--slow", "p95")
    assert ended.code == 1
    assert "no guess: 30 runs of each are needed" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("good", "absent"), 1, "no event of task or trace 'absent'"),
        (("good",), 2, "name two runs"),
        (("good", "bad", "--name", "x", "--failed"), 2, "not both"),
        (("--name", "order_processing"), 2, "--name needs one of --failed"),
        (("--failed",), 2, "add --name"),
        (("--name", "order_processing", "--since", "1h"), 2, "--since and --baseline belong together"),
        (("--name", "order_processing", "--since", "2h", "--baseline", "1h"), 2, "--baseline must be before --since"),
        (("--name", "order_processing", "--version", "1", "--against", "2"), 2, "no run has the version '1'"),
        (("--name", "absent", "--failed"), 1, "no task has the name 'absent'"),
        (("--name", "x", "--slow", "p0"), 2, "expected a percentile"),
        (("good", "bad", "--limit", "0"), 2, "--limit is 0"),
    ],
)
def test_mistakes_are_one_line(two_runs: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    ended = run_main("diff", *arguments, "--from-file", two_runs)
    assert (ended.code, ended.out) == (code, "")
    assert words in ended.err
    assert ended.err.count("\n") == 1
