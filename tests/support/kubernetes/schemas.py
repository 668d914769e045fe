"""Whether an object fits its schema: Kubernetes' own, or that of a custom resource in crds/."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate import utils

if TYPE_CHECKING:
    from tests.support.kubernetes.render import Object

CRDS = Path(__file__).parent / "crds"
VERSION = "1.34"
#: Else a megabyte of definitions would be parsed for each object.
utils.schema_contents = cache(utils.schema_contents)


def faults(resource: Object) -> list[str]:
    """Return a line for each field that is missing, unknown or of the wrong type."""
    name = f"{resource['kind']}/{resource['metadata']['name']}"
    custom = _custom_schemas().get((resource["apiVersion"], resource["kind"]))
    if custom is not None:
        return [
            f"{name}: {error.json_path}: {error.message}"
            for error in Draft202012Validator(custom).iter_errors(resource)
        ]
    try:
        kubernetes_validate.validate(resource, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{name}: {error.json_path}: {error.message}"]
    return []


@cache
def _custom_schemas() -> dict[tuple[str, str], Any]:
    schemas = {}
    for file in CRDS.glob("*.yaml"):
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = _closed(version["schema"]["openAPIV3Schema"])
            schemas[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = schema
    return schemas


def _closed(schema: Any) -> Any:
    """Return a schema that refuses fields which it does not name; the API server would drop them without a word."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not is_open:
        closed["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        closed = {key: value for key, value in closed.items() if key not in {"anyOf", "type", "format", "pattern"}}
    return closed
