from collections.abc import Sequence

class NativeRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]

def unpack(
    topic: str, partition: int, payload: bytes, offset: int, timestamp: int, append_time: int
) -> list[NativeRecord]: ...
