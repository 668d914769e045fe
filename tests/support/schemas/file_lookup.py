"""A file of schemas by id in the place of a registry."""

import json
from pathlib import Path
from typing import Any

from tasker_schemas.avro.codec import SchemaLookup


def lookup_of_file(path: str | None) -> SchemaLookup | None:
    """Return a lookup of the schemas in a file, which raises LookupError for other ids; None without a file."""
    if path is None:
        return None
    schemas: dict[str, dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return lambda schema_id: schemas[str(schema_id)]
