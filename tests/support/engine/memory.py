"""How much memory a process holds, as the kernel counts it; Linux only."""

import re
from pathlib import Path


def resident_mb(pid: int) -> float:
    """Return what a process holds now, in MB."""
    return _read(pid, "VmRSS")


def peak_mb(pid: int) -> float:
    """Return the most that a process ever held, in MB."""
    return _read(pid, "VmHWM")


def _read(pid: int, name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None, f"the kernel does not tell {name}"
    return int(found[1]) / 1024
