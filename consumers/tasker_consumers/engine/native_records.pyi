class NativeRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    @property
    def headers(self) -> tuple[tuple[str, bytes | None], ...]: ...

def unpack(
    topic: str, partition: int, payload: bytes, offset: int, timestamp: int, append_time: int
) -> list[NativeRecord]: ...
