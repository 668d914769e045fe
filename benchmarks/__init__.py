"""How fast we are, always beside somebody who does the same work: `python -m benchmarks.<name> [--json]`."""
