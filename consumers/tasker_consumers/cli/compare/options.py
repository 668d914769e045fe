"""The options of `tasker diff`: two runs, or two populations of a name."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for the comparison

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.records.moments import read_option_moment
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.compare.run_facts import RunFacts
    from tasker_consumers.compare.split import Split

_PERCENTILE = re.compile(r"p?(\d{1,2}(?:\.\d{1,3})?)")


@dataclass(frozen=True, kw_only=True)
class PopulationOptions:
    """The two populations of a name; a command line names a single way of dividing."""

    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare tasks of this name, divided by the options below.")
    ] = None
    failed: Annotated[bool, typer.Option("--failed", help="Failed runs against complete ones.")] = False
    slow: Annotated[
        str | None, typer.Option(metavar="pNN", help="Runs slower than this percentile against the rest: p95.")
    ] = None
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Runs that began since then; needs --baseline.")] = (
        None
    )
    baseline: Annotated[
        str | None, typer.Option(metavar="TIME", help="Against runs that began from this moment up to --since: 7d.")
    ] = None
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Runs of this service version; needs --against.")
    ] = None
    against: Annotated[str | None, typer.Option(metavar="VERSION", help="Against runs of this version.")] = None

    def check(self) -> None:
        """Raise UsageError for options that do not belong together or mean nothing."""
        ways = [self.failed, self.slow is not None, self.since is not None, self.version is not None]
        self.percentile()
        for option, text in (("--since", self.since), ("--baseline", self.baseline)):
            if text is not None:
                read_option_moment(option, text)
        if self.name is None:
            if any(ways) or self.baseline is not None or self.against is not None:
                raise UsageError("--failed, --slow, --since and --version compare tasks of a name; add --name")
            return
        if not self.name.strip():
            raise UsageError("--name is empty; expected the name of tasks")
        if sum(ways) != 1:
            raise UsageError("--name needs one of --failed, --slow, --since with --baseline, --version with --against")
        for option, value, partner, other in (
            ("--since", self.since, "--baseline", self.baseline),
            ("--version", self.version, "--against", self.against),
        ):
            if (value is None) != (other is None):
                raise UsageError(f"{option} and {partner} belong together; name both")
        self.moments()

    def percentile(self) -> float:
        """Return the percentile of --slow, 0 to 100; 0 without it."""
        if self.slow is None:
            return 0.0
        match = _PERCENTILE.fullmatch(self.slow.strip())
        if match is None or not float(match[1]):
            raise UsageError(f"--slow is {self.slow!r}; expected a percentile like p95 or p99.9")
        return float(match[1])

    def moments(self) -> tuple[int, int]:
        """Return the moments of --since and --baseline in milliseconds; zeros without them."""
        if self.since is None or self.baseline is None:
            return 0, 0
        since, baseline = read_option_moment("--since", self.since), read_option_moment("--baseline", self.baseline)
        if baseline >= since:
            raise UsageError("--baseline must be before --since")
        return since, baseline

    def split(self, runs: "Sequence[RunFacts]") -> "Split":
        """Return the runs divided as the options say."""
        from tasker_consumers.compare.split import by_failure, by_slowness, by_time, by_version

        if self.failed:
            return by_failure(runs)
        if self.slow is not None:
            return by_slowness(runs, self.percentile())
        if self.version is not None and self.against is not None:
            return by_version(runs, self.version, self.against)
        return by_time(runs, *self.moments())
