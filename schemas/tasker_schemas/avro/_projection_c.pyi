from collections.abc import Collection, Mapping
from typing import Any

from tasker_schemas.avro.projection import Limits

class NativeProjection:
    def __init__(
        self, schema: Any, projected: Collection[str], limits: Mapping[str, Limits], defaults: Mapping[str, Any]
    ) -> None: ...
    def read(self, value: bytes, position: int) -> dict[str, Any] | None: ...
