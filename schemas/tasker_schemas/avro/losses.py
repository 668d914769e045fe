"""The fields that a new version takes from readers of earlier ones: they cannot do without a field that has no default.

Avro's compatibility allows a newer version to drop any field. Our rule is stricter (docs/schemas.md): code of an older
release reads newer records as well, so a field goes only if it had a default, and keeps the default that it had.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tasker_schemas.avro.named_types import definitions, resolved
from tasker_schemas.avro.versions import Schema


class Loss(NamedTuple):
    """A field of an earlier version that a schema takes away, or takes the default from."""

    version: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"breaks readers of version {self.version}: {self.field}: {self.problem}"


def losses(candidate: Mapping[str, Any], earlier: Iterable[Schema]) -> list[Loss]:
    """Return all that `candidate`, a schema's JSON as Python values, takes from readers of the earlier versions.

    A field that is renamed stays if its new name has the old name among the `aliases`. Nested fields have dots.
    """
    return [
        Loss(schema.version, path, problem)
        for schema in sorted(earlier, key=lambda schema: schema.version)
        for path, problem in _Walk(schema.declared, candidate).losses(schema.declared, candidate, "")
    ]


class _Walk:
    """Walks through two versions of a record side by side."""

    def __init__(self, older: Any, newer: Any) -> None:
        self._older_types, self._newer_types = definitions(older), definitions(newer)

    def losses(self, older: Any, newer: Any, path: str) -> Iterator[tuple[str, str]]:
        """Yield path and description of each loss in a type."""
        older, newer = resolved(older, self._older_types), resolved(newer, self._newer_types)
        if isinstance(older, list) or isinstance(newer, list):
            for branch in older if isinstance(older, list) else [older]:
                for new_branch in newer if isinstance(newer, list) else [newer]:
                    yield from self.losses(branch, new_branch, path)
            return
        match older, newer:
            case {"type": "array", "items": inner}, {"type": "array", "items": new_inner}:
                yield from self.losses(inner, new_inner, path)
            case {"type": "map", "values": inner}, {"type": "map", "values": new_inner}:
                yield from self.losses(inner, new_inner, path)
            case {"type": "record", "fields": fields}, {"type": "record", "fields": new_fields}:
                yield from self._lost_fields(fields, new_fields, path)

    def _lost_fields(self, fields: list[Any], new_fields: list[Any], path: str) -> Iterator[tuple[str, str]]:
        successors = {alias: field for field in new_fields for alias in field.get("aliases", ())}
        successors |= {field["name"]: field for field in new_fields}
        for field in fields:
            inner = f"{path}.{field['name']}" if path else field["name"]
            successor = successors.get(field["name"])
            if successor is not None:
                yield from self.losses(field["type"], successor["type"], inner)
            if "default" not in field and successor is None:
                yield inner, "is gone and had no default"
            elif "default" in field and successor is not None and "default" not in successor:
                yield inner, "has lost its default"
