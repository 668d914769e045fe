"""`tasker up`: the whole system on this machine, in one terminal."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tasker_consumers.cli.output import complain, echo, open_console
from tasker_consumers.stop_signals import held_back, interruptible, pause, stop_on_sigterm

if TYPE_CHECKING:
    from tasker_consumers.demo.system import System

_LOOK_EVERY_S = 1.0


def up(
    *,
    zipkin: Annotated[bool, typer.Option("--zipkin", help="Start a Zipkin too, and send the spans there.")] = False,
) -> None:
    """Run everything on this machine: a Kafka, statistics, telemetry, the store, the web view; Ctrl-C stops all of it.

    A Kafka that KAFKA_BOOTSTRAP_SERVERS names is used instead of an own one. All data stay in TASKER_STATE_DIR.
    """
    stop_on_sigterm()
    try:
        with held_back():
            _run(zipkin=zipkin)
    except KeyboardInterrupt:
        complain("everything is stopped")


def _run(*, zipkin: bool) -> NoReturn:
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.stored.opening import require_store
    from tasker_consumers.demo.system import start_system

    settings = read_settings()
    require_store()
    complain("starting; the first time Kafka is downloaded")
    pause()
    with start_system(settings, zipkin=zipkin) as system:
        _follow(system)


def _follow(system: "System") -> NoReturn:
    """Show the states until Ctrl-C: a table that is drawn anew on a terminal, a line for each change elsewhere."""
    console = open_console()
    if not console.is_terminal:
        _follow_in_lines(system)
    from rich.live import Live

    with Live(console=console, auto_refresh=False) as live:
        while True:
            system.keep_alive()
            live.update(_table(system, system.states()), refresh=True)
            pause(_LOOK_EVERY_S)


def _follow_in_lines(system: "System") -> NoReturn:
    lines = [f"{name:<10} {address}" for name, address in system.places.items()]
    last: dict[str, str] = {}
    while True:
        system.keep_alive()
        states = system.states()
        changed = [member for member in system.members if states[member.name] != last.get(member.name)]
        lines += [f"{member.name:<10} {states[member.name]}  http://127.0.0.1:{member.port}" for member in changed]
        with interruptible():  # perhaps nobody reads
            while lines:
                echo(lines.pop(0))
        last = states
        pause(_LOOK_EVERY_S)


def _table(system: "System", states: dict[str, str]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left", caption=_advice(system))
    for title in ("", "state", "starts", "address"):
        table.add_column(title)
    for name, address in system.places.items():
        table.add_row(name, "", "", address)
    for member in system.members:
        state = states[member.name]
        style = "green" if state == "ok" else "yellow"
        table.add_row(member.name, Text(state, style), str(member.starts), f"http://127.0.0.1:{member.port}")
    return table


def _advice(system: "System") -> str:
    variables = f"KAFKA_BOOTSTRAP_SERVERS={system.kafka} TASKER_TOPIC_PREFIX={system.prefix}"
    return (
        f"\nLogs and data: {system.directory}\n"
        f"In another terminal: export {variables} TASKER_STATE_DIR={system.directory}\n"
        "then `tasker tasks`, `tasker errors`, `tasker trace ID`; or open the address of web. Ctrl-C stops everything."
    )
