"""Undoes the engine's mends, each by a small change, and shows that a test notices: python -m tests.mutations.

Each mutation changes a copy of the tree; the named test must fail there, and pass in the tree as it is. The exit code
is 1 when a mutation goes unnoticed. A Kafka is started for some of the tests.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ENGINE, STATS = "consumers/tasker_consumers/engine", "consumers/tasker_consumers/stats"
KAFKA = "consumers/tasker_consumers/kafka"
TESTS = "tests/unit/consumers"


class Mutation(NamedTuple):
    """A change of a module, and the test that must notice it."""

    mend: str
    module: str
    before: str
    after: str
    test: str


MUTATIONS = (
    Mutation(
        "late writers: the changelog is not closed when an epoch begins",
        f"{ENGINE}/faust/partition_producers.py",
        "await producer.send(self._changelog, partition, [ProducerRecord(FENCE, None)], self._limit_s)",
        "-1",
        f"{TESTS}/engine/faust/test_partition_producers.py",
    ),
    Mutation(
        "late writers: every owner writes in an epoch of its own producer, not of the partition",
        f"{ENGINE}/faust/partition_producers.py",
        "self._producer._txn_manager.set_pid_and_epoch(*self.epoch)",
        "pass",
        f"{TESTS}/engine/faust/test_partition_producers.py",
    ),
    Mutation(
        "late writers: after a batch that was given up, the epoch goes on with a gap in its numbers",
        f"{ENGINE}/faust/partition_producers.py",
        "if producer is not None and producer.has_gap:",
        "if False:",
        f"{TESTS}/engine/faust/test_partition_producers.py",
    ),
    Mutation(
        "late writers: a worker whose epoch was ended never asks the group who has the partition",
        f"{ENGINE}/faust/partition_producers.py",
        "self._host.restore(partition)",
        "pass",
        f"{TESTS}/engine/faust/test_partition_producers.py",
    ),
    Mutation(
        "networks: a partition is opened in a single try to connect",
        f"{ENGINE}/faust/partition_producers.py",
        "with suppress(KafkaConnectionError):",
        "if True:",
        f"{TESTS}/engine/faust/test_partition_producers.py",
    ),
    Mutation(
        "networks: a broker that stands still at the start counts as one that is away",
        f"{KAFKA}/access.py",
        "kind = SilentBrokers if is_unanswered(error) and self._is_reached else BackendUnavailable",
        "kind = BackendUnavailable",
        f"{TESTS}/kafka/test_access.py",
    ),
    Mutation(
        "quarantine: a record that fails takes its batch along",
        f"{ENGINE}/flow/pipeline.py",
        "failures = await process_or_isolate(batch, lambda record: record.key, attempt)",
        "failures: list[Any] = []; await attempt(batch)",
        f"{TESTS}/engine/flow/test_pipeline.py",
    ),
    Mutation(
        "quarantine: a program that fails for every task buries a topic",
        f"{ENGINE}/flow/pipeline.py",
        "self.quarantine.check(burials)",
        "pass",
        f"{TESTS}/engine/flow/test_pipeline.py",
    ),
    Mutation(
        "windows: a place is given anew while `other` has windows",
        f"{STATS}/window_names.py",
        "full = {kind for kind, name in self._names if name is None and (kind, OTHER) in in_use}",
        "full: set[str] = set()",
        f"{TESTS}/stats/test_window_names.py",
    ),
    Mutation(
        "stores: the states of another changelog are trusted",
        f"{ENGINE}/state/rocks_files.py",
        "if database.get(CHANGELOG) != self._changelog:",
        "if False:",
        f"{TESTS}/engine/state/test_rocks_store.py",
    ),
    Mutation(
        "stores: states older than tombstones are trusted",
        f"{ENGINE}/state/rocks_files.py",
        "if -_A_MINUTE_NS <= age_ns <= self._max_age_s * 1e9:",
        "if True:",
        f"{TESTS}/engine/state/test_rocks_store.py",
    ),
    Mutation(
        "stores: an iterator that breaks off counts as ended",
        f"{ENGINE}/state/rocks_store.py",
        "            iterator.status()\n",
        "            pass\n",
        f"{TESTS}/engine/state/test_rocks_store.py",
    ),
    Mutation(
        "time: a task with missing steps is shrunk like a settled task",
        f"{STATS}/lifetime.py",
        "settled = state.steps.frozen is not None or is_settled(state)",
        "settled = state.steps.frozen is not None or is_terminal(state)",
        f"{TESTS}/stats/test_lifetime.py",
    ),
    Mutation(
        "time: the host's clock alone deletes states",
        f"{STATS}/clocks.py",
        "return RecordTime(0) if broker_time is None else min(broker_time, RecordTime(self.wall()))",
        "return RecordTime(self.wall())",
        f"{TESTS}/stats/test_lifetime.py",
    ),
    Mutation(
        "time: a process that stood still has waited for its broker meanwhile",
        f"{KAFKA}/broker_silence.py",
        "return max(0.0, age - sum(length for end, length in self._pauses if end > present - age))",
        "return age",
        f"{KAFKA}/broker_silence.py",
    ),
    Mutation(
        "time: windows of the future keep tasks that are forgotten",
        f"{STATS}/touched_tasks.py",
        "deltas.add_task(state, -1)",
        "pass",
        f"{TESTS}/stats/test_window_index.py",
    ),
)


def is_noticed(mutation: Mutation, tree: Path) -> bool:
    """Return whether the test fails in a copy of the tree with the mutation."""
    module = tree / mutation.module
    source = module.read_text(encoding="utf-8")
    assert source.count(mutation.before) == 1, f"{mutation.module} has changed: {mutation.before!r}"
    module.write_text(source.replace(mutation.before, mutation.after), encoding="utf-8")
    try:
        return _run(tree, mutation.test) == 1  # pytest's code for tests that failed
    finally:
        module.write_text(source, encoding="utf-8")


def _run(tree: Path, test: str) -> int:
    paths = os.pathsep.join(str(tree / folder) for folder in ("schemas", "producer", "consumers", "."))
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, check=False).returncode


def main() -> int:
    """Apply one mutation after the other, and print what came of each."""
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".*", "build", "dist", "__pycache__"))
        for test in sorted({mutation.test for mutation in MUTATIONS}):
            code = _run(tree, test)
            assert code == 0, f"{test} fails without any mutation (exit code {code})"
        for mutation in MUTATIONS:
            noticed = is_noticed(mutation, tree)
            unnoticed += not noticed
            print(f"{'noticed ' if noticed else 'UNNOTICED'} {mutation.mend}", flush=True)  # noqa: T201
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
