"""The options of `tasker trace`: the output format, and the shown part of a run."""

from dataclasses import dataclass
from typing import Annotated

import typer

from tasker_schemas.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """The output format of a run; a command line names at most a single format."""

    as_json: Annotated[bool, typer.Option("--json", help="Spans and statistics as one JSON document.")] = False
    otlp_json: Annotated[bool, typer.Option("--otlp-json", help="Spans as an OTLP request in JSON.")] = False
    perfetto: Annotated[
        bool, typer.Option("--perfetto", help="Spans as trace events in JSON, for ui.perfetto.dev.")
    ] = False
    svg: Annotated[bool, typer.Option("--svg", help="Spans as an SVG picture.")] = False
    html: Annotated[bool, typer.Option("--html", help="One page with all spans, which needs no network.")] = False

    def chosen(self) -> str:
        """Return the name of the form; raises UsageError for two at once."""
        names = [name for name in ("as_json", "otlp_json", "perfetto", "svg", "html") if getattr(self, name)]
        if len(names) > 1:
            raise UsageError("name one of --json, --otlp-json, --perfetto, --svg and --html")
        return names[0] if names else "text"


#: The options of a view that shape each output format; documents have the whole run.
_SHAPED_BY = {
    "text": ("--errors", "--depth", "--all", "--verbose"),
    "svg": ("--errors", "--depth", "--all"),
    "html": ("--errors", "--depth"),
    "perfetto": ("--errors", "--depth"),
    "as_json": (),
    "otlp_json": (),
}


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """Which part of a run is shown."""

    errors: Annotated[bool, typer.Option("--errors", help="Only what failed, and what it belongs to.")] = False
    depth: Annotated[int | None, typer.Option(metavar="N", help="Only the first N levels.")] = None
    everything: Annotated[bool, typer.Option("--all", help="A line for each span, also for many equal ones.")] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Attributes, events, inputs, results, backtrace, host.")
    ] = False
    moment_text: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="The run as its events tell it before then: 03:12, +90s, or a date."),
    ] = None
    before_event: Annotated[
        int | None, typer.Option(metavar="N", help="The run as its events tell it before event N, counted from 1.")
    ] = None
    alone: Annotated[bool, typer.Option("--alone", help="Leave out other tasks of the same trace.")] = False

    def check(self, form: str) -> None:
        """Raise UsageError for values that mean nothing, or that change nothing of this form."""
        for option, is_given in (
            ("--errors", self.errors), ("--depth", self.depth is not None), ("--all", self.everything),
            ("--verbose", self.verbose),
        ):  # fmt: skip
            if is_given and option not in _SHAPED_BY[form]:
                raise UsageError(f"{option} changes nothing of this output format; leave it out")
        if self.depth is not None and self.depth < 1:
            raise UsageError(f"--depth is {self.depth}; expected a number from 1")
        if self.before_event is not None and self.before_event < 1:
            raise UsageError(f"--before-event is {self.before_event}; expected a number from 1")
        if self.moment_text is not None and self.before_event is not None:
            raise UsageError("name one of --at and --before-event")
        if self.moment_text is not None:
            self.moment(0)

    def moment(self, start: int) -> int:
        """Return the moment of --at in microseconds; `start` is that of the run."""
        from datetime import UTC, datetime  # noqa: PLC0415  hardly ever needed

        from tasker_consumers.trace_view.moments import read_run_moment  # noqa: PLC0415

        try:
            return read_run_moment(self.moment_text or "now", start, datetime.now(UTC))
        except UsageError as error:
            raise UsageError(f"--at: {str(error).removeprefix('--at ')}") from None
