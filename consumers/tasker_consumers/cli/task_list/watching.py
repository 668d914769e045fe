"""`tasker tasks --watch`: the list as it changes, drawn anew on a terminal, a line for each change elsewhere."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import (
    Notices,
    open_console,
    output_width,
    printable,
    show_json,
    show_table,
    unwinding_on_sigterm,
)

if TYPE_CHECKING:
    from tasker_consumers.stats.reading.sources import StatsSource

_WAIT_S = 1.0
#: Lines of a terminal that the list leaves free.
_FREE_LINES = 3

Rows = Sequence[Mapping[str, Any]]
Table = tuple[Sequence[str], list[list[str]]]


def watch_tasks(
    source: "StatsSource",
    name: str | None,
    select: Callable[[Any], Rows],
    table: Callable[[Rows], Table],
    *,
    as_json: bool,
) -> None:
    """Show the selected tasks and each change of them, until Ctrl-C.

    `select` returns the tasks that are listed, and `table` the columns and cells of them.
    """
    from tasker_consumers.stats.reading.sources import LatestStats
    from tasker_consumers.stats.reading.watch import Watch

    latest, notices = LatestStats(name), Notices()
    for stats in source.backlog():
        latest.learn(stats)
    changed: Rows = select(latest.tasks.values())
    watch = Watch(latest, None)
    with unwinding_on_sigterm(), _frames(notices, is_drawn=sys.stdout.isatty() and not as_json) as draw:
        while True:
            if draw is not None:
                draw(table(select(latest.tasks.values())))
            elif changed:
                print_tasks(changed, table, as_json=as_json)
            changed = select(watch.poll(source, _WAIT_S))
            notices.show(watch.notice(source))


def print_tasks(rows: Rows, table: Callable[[Rows], Table], *, as_json: bool) -> None:
    """Print tasks as a table, or as a line of JSON each."""
    if as_json:
        from tasker_consumers.stats.reading.view import with_iso_times

        for row in rows:
            show_json(with_iso_times(row))
    else:
        show_table(*table(rows))
    sys.stdout.flush()


@contextmanager
def _frames(notices: Notices, *, is_drawn: bool) -> Iterator[Callable[[Table], None] | None]:
    """Yield a function that draws the list in the place of the former; None where nothing is drawn."""
    if not is_drawn:
        yield None
        return
    from rich.live import Live
    from rich.text import Text

    from tasker_consumers.ranked_table import ranked_lines

    with Live(console=open_console(), auto_refresh=False) as live:
        shown = [""]

        def refresh(notice: str) -> None:
            live.update(Text(f"{shown[0]}\n{notice}".rstrip(), no_wrap=True), refresh=True)

        def draw(contents: Table) -> None:
            columns, rows = contents
            height = max(1, shutil.get_terminal_size().lines - _FREE_LINES)
            cells = [[printable(cell).replace("\n", " ") for cell in row] for row in rows[:height]]
            shown[0] = "\n".join(ranked_lines(columns, cells, output_width())[: height + 1])
            refresh("")

        notices.draw = refresh
        try:
            yield draw
        finally:
            notices.draw = None
