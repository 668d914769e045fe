"""Divides the runs of a name into suspects and controls, with which the suspects are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from tasker_consumers.compare.run_facts import RunFacts
from tasker_schemas.errors import UsageError


@dataclass(frozen=True, slots=True)
class Split:
    """Two populations, with words for each; `ignored` are attributes that follow from the way of dividing."""

    suspects: Sequence[RunFacts]
    controls: Sequence[RunFacts]
    suspects_text: str
    controls_text: str
    by_duration: bool = False
    by_failure: bool = False
    ignored: frozenset[str] = frozenset()


def by_failure(runs: Sequence[RunFacts]) -> Split:
    """Divide runs into failed and complete ones; runs with another outcome are left out."""
    suspects = [run for run in runs if run.status == "error"]
    controls = [run for run in runs if run.status == "complete"]
    ignored = frozenset({"conclusion", "closed_by"})  # outcomes in the words of other engines
    return Split(suspects, controls, "failed", "complete", by_failure=True, ignored=ignored)


def by_slowness(runs: Sequence[RunFacts], percentile: float) -> Split:
    """Divide the ended runs into those above a percentile (0 to 100) of their durations and the rest."""
    ended = sorted((run for run in runs if run.status not in ("in_progress", "pending", "unknown")), key=_duration)
    cut = ceil(len(ended) * percentile / 100)
    limit = f"p{percentile:g}"
    return Split(ended[cut:], ended[:cut], f"slower than {limit}", f"up to {limit}", by_duration=True)


def by_time(runs: Sequence[RunFacts], since: int, baseline: int) -> Split:
    """Divide runs into those that began since a moment and those from `baseline` up to it; milliseconds."""
    suspects = [run for run in runs if run.start >= since * 1_000_000]
    controls = [run for run in runs if baseline * 1_000_000 <= run.start < since * 1_000_000]
    return Split(suspects, controls, "since then", "before")


def by_version(runs: Sequence[RunFacts], version: str, against: str) -> Split:
    """Divide runs by the version of their services; runs with both versions, or none of them, are left out.

    Raises UsageError when no run has one of the versions.
    """
    for name in (version, against):
        if not any(name in run.versions for run in runs):
            names = ", ".join(sorted({each for run in runs for each in run.versions}))
            hint = f"there are {names}" if names else "no event names a version (TASKER_SERVICE_VERSION)"
            raise UsageError(f"no run has the version {name!r}; {hint}")
    suspects = [run for run in runs if version in run.versions and against not in run.versions]
    controls = [run for run in runs if against in run.versions and version not in run.versions]
    return Split(
        suspects, controls, f"of version {version}", f"of version {against}", ignored=frozenset({"service_version"})
    )


def _duration(run: RunFacts) -> tuple[int, str]:
    return run.duration, run.task_id
