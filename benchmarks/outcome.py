"""The end of a benchmark with bounds: what is beyond them, and the exit code."""

import json
from collections.abc import Sequence

from rich.console import Console


def tell_outcome(benchmark: str, beyond: Sequence[str], console: Console, *, as_json: bool, **figures: object) -> int:
    """Print a sentence for each bound that is not held, and one line of JSON if asked for; return the exit code."""
    for sentence in beyond:
        console.print(f"[red]{sentence}")
    if as_json:
        print(json.dumps({"benchmark": benchmark, **figures, "beyond": beyond}))
    return 1 if beyond else 0
