"""The differences of two runs as lines and rows for people."""

from collections.abc import Iterator

from tasker_consumers.compare.pair import PairDifference, UnitDifference
from tasker_consumers.compare.shape import ROOT, RunShape, Unit, key_text
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text, offset_text

COLUMNS = ("unit", "difference", "share", "first", "second", "change")
ATTRIBUTE_COLUMNS = ("attribute", "first", "second")


def headlines(pair: PairDifference) -> Iterator[str]:
    """Yield the two runs, their difference, and where they part."""
    yield f"first       {_run_text(pair.first)}"
    yield f"second      {_run_text(pair.second)}"
    yield f"difference  {signed_duration(pair.duration)}"
    parting = pair.parting
    if parting is None:
        yield "the runs have the same units with the same outcomes"
        return
    present = parting.second or parting.first
    if present is not None:
        run = pair.first if parting.second is None else pair.second
        yield f"they part   at {key_text(parting.key)}, {offset_text(present.start - run.start)}: {_change(parting)}"


def unit_rows(pair: PairDifference, limit: int) -> list[tuple[str, ...]]:
    """Return the units that explain most, then the rest of them, idle time and the sum; the differences add up."""
    ranked = pair.ranked()
    rows = [_unit_row(pair, unit) for unit in ranked[:limit]]
    rest = ranked[limit:]
    if rest:
        decided = sum(unit.decided for unit in rest)
        rows.append((f"({len(rest)} more units)", signed_duration(decided), _share(decided, pair.duration), "", "", ""))
    if pair.first.idle or pair.second.idle:
        times = duration_text(pair.first.idle), duration_text(pair.second.idle)
        rows.append((key_text(ROOT), signed_duration(pair.idle), _share(pair.idle, pair.duration), *times, ""))
    times = duration_text(pair.first.duration), duration_text(pair.second.duration)
    rows.append(("(together)", signed_duration(pair.duration), _share(pair.duration, pair.duration), *times, ""))
    return rows


def attribute_rows(pair: PairDifference) -> list[tuple[str, str, str]]:
    """Return the attributes of the tasks that differ."""
    return [
        (
            f"{key_text(item.task)}: {item.name}",
            "-" if item.first is None else str(item.first),
            "-" if item.second is None else str(item.second),
        )
        for item in pair.attributes
    ]


def signed_duration(nanoseconds: float) -> str:
    """Return a difference of durations.

    >>> signed_duration(1_500_000_000), signed_duration(-20_000_000), signed_duration(0)
    ('+1.50 s', '-20.0 ms', '0')
    """
    rounded = round(nanoseconds)
    return "0" if not rounded else duration_text(rounded) if rounded < 0 else f"+{duration_text(rounded)}"


def _unit_row(pair: PairDifference, unit: UnitDifference) -> tuple[str, ...]:
    times = ("-" if side is None else duration_text(side.decided) for side in (unit.first, unit.second))
    return (
        key_text(unit.key),
        signed_duration(unit.decided),
        _share(unit.decided, pair.duration),
        *times,
        _change(unit) if unit.change else "",
    )


def _change(unit: UnitDifference) -> str:
    if unit.first is None or unit.second is None:
        only = unit.first or unit.second
        return f"{unit.change}{_reason(only)}" if only is not None else unit.change
    if unit.change == "other attempts":
        return f"{unit.first.attempts} attempts, then {unit.second.attempts}"
    return f"{unit.first.status}, then {unit.second.status}{_reason(unit.second) or _reason(unit.first)}"


def _reason(unit: Unit) -> str:
    return f" ({unit.errors[0].partition(chr(10))[0]})" if unit.errors else ""


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "-"


def _run_text(run: RunShape) -> str:
    [task, *others] = run.outermost()
    names = f"{key_text(task.key)} {task.attributes.get('task_id', '')}".strip()
    further = f" and {len(others)} tasks beside it" if others else ""
    return f"{names}{further}: {task.status}, {duration_text(run.duration)} from {time_text(run.start // 1000)}"
