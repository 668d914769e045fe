from collections.abc import Sequence
from typing import Any

class NativeRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    size: int

def unpack(
    topic: str, partition: int, payload: bytes, offset: int, timestamp: int, append_time: int, count: int
) -> list[NativeRecord]: ...
def native_size(records: list[Any]) -> int: ...
