"""The questions of a group described for programs: an OpenAPI document."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from tasker_consumers.engine.web.questions import JsonSchema, KeyQuestion, Parameter, Question

_ERROR: JsonSchema = {
    "title": "Error",
    "type": "object",
    "properties": {"error": {"type": "string", "description": "What was wrong, and what to do."}},
    "required": ["error"],
    "additionalProperties": False,
}
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "A parameter is wrong; the error names it and what was expected.",
    HTTPStatus.NOT_FOUND: "Nothing is known of it.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not everybody who holds the answer can give it now: the group is moving or "
    "restoring its states. Ask again after `Retry-After` seconds.",
}


def openapi(group: str, questions: Sequence[Question]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a group's questions. Schemas with a title become its components."""
    components: dict[str, Any] = {}
    paths = {question.page.path: {"get": _operation(question, components)} for question in questions}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"What {group} knows",
            "version": version("tasker-events"),
            "description": "Ask any worker of the group. It answers from its own states, asks the workers that hold "
            "the rest, and never answers with half of it. All of it is read-only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "this worker"}],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _operation(question: Question, components: dict[str, Any]) -> dict[str, Any]:
    page = question.page
    parameters = [_parameter(parameter, "query") for parameter in page.parameters]
    if page.key is not None:
        parameters.insert(0, _parameter(page.key, "path"))
    refusals = [status for status in _REFUSALS if status != HTTPStatus.NOT_FOUND or isinstance(question, KeyQuestion)]
    return {
        "operationId": page.path.strip("/").replace("/{", "_by_").replace("}", ""),
        "summary": page.title,
        "description": page.text,
        "parameters": parameters,
        "responses": {
            "200": {"description": "The answer.", "content": _content(page.answer, components, page.example)},
            **{str(int(status)): _refusal(status, components) for status in refusals},
        },
    }


def _parameter(parameter: Parameter, location: str) -> dict[str, Any]:
    default = {} if parameter.default is None else {"default": parameter.default}
    commas = {"style": "form", "explode": False} if parameter.schema["type"] == "array" else {}
    return {
        "name": parameter.name,
        "in": location,
        "required": location == "path",
        "description": parameter.meaning,
        "schema": {**parameter.schema, **default},
        **commas,
    }


def _refusal(status: HTTPStatus, components: dict[str, Any]) -> dict[str, Any]:
    refusal: dict[str, Any] = {"description": _REFUSALS[status], "content": _content(_ERROR, components)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        refusal["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return refusal


def _content(schema: JsonSchema, components: dict[str, Any], example: Any = None) -> dict[str, Any]:
    shown = {} if example is None else {"example": example}
    return {"application/json": {"schema": _hoisted(schema, components), **shown}}


def _hoisted(schema: Any, components: dict[str, Any]) -> Any:
    """Return a schema in which those with a title are references to `components`, where they are put."""
    if isinstance(schema, list):
        return [_hoisted(part, components) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    inner = {name: _hoisted(part, components) for name, part in schema.items()}
    title = schema.get("title")
    if not isinstance(title, str):  # a property may have this name as well
        return inner
    components[title] = inner
    return {"$ref": f"#/components/schemas/{title}"}
