from collections.abc import Iterable, Mapping

class RecordFilter:
    def __init__(
        self,
        key: bytes | None,
        headers: Iterable[tuple[bytes, bytes]],
        choices: Iterable[tuple[bytes, Mapping[bytes, bool]]],
    ) -> None: ...
    def positions(self, payload: bytes, count: int) -> list[int]: ...
