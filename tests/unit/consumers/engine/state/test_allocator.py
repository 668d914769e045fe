"""Memory of partitions that are closed goes back to the system, however many partitions share the budget."""

import subprocess
import sys

import pytest

from tasker_consumers.engine.state.allocator import return_freed_blocks

_FILL = """
import os, sys
from pathlib import Path
from tasker_consumers.engine.state.rocks_store import RocksStore

def resident_mib():
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024

store, value = RocksStore(Path(sys.argv[1])), os.urandom(600)
for number in range(25):
    for partition in range(24):
        store.write(partition, {b"task-%d-%d" % (number, key): value for key in range(500)}, number)
for partition in range(24):
    sum(1 for _ in store.heads(partition))
used = resident_mib()
store.close()
print(used, resident_mib())
"""


@pytest.mark.skipif(not return_freed_blocks(), reason="this C library has no mallopt")
def test_memory_of_closed_partitions_goes_back(tmp_path: object) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    used, left = map(float, printed.split())
    # Without the allocator's setting, 97 to 101 % are left; with it, 74 to 86 %.
    assert left < 0.92 * used, f"{used} MiB were used, {left} MiB are left"
