"""Links from a task to other tools, by templates of the operator's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from tasker_schemas.errors import ConfigurationError

_TEMPLATE = re.compile(r"(?P<name>[^\s=]{1,40})=(?P<url>https?://[^\s\"'<>]+)")
_FIELD = re.compile(r"\{(\w*)\}")
_FIELDS = ("trace_id", "task_id", "task_name", "start_ms", "end_ms")
#: Backends open a range of time around the task.
_MARGIN_MS = 60_000


class LinkTemplate(NamedTuple):
    """The name of a tool, and its address with fields in braces."""

    name: str
    url: str


class Link(NamedTuple):
    """A link that is ready to be shown."""

    name: str
    url: str


def read_links(text: str) -> tuple[LinkTemplate, ...]:
    """Return the templates of a setting.

    >>> read_links("Jaeger=https://jaeger.example/trace/{trace_id}")
    (LinkTemplate(name='Jaeger', url='https://jaeger.example/trace/{trace_id}'),)

    Raises ConfigurationError for a template without an address, or with a field that no task has.
    """
    templates = []
    for part in text.split():
        match = _TEMPLATE.fullmatch(part)
        if match is None:
            raise ConfigurationError(f"TASKER_WEB_LINKS has {part!r}; expected NAME=https://…{{trace_id}}")
        if unknown := [name for name in _FIELD.findall(match["url"]) if name not in _FIELDS]:
            fields = ", ".join(f"{{{name}}}" for name in _FIELDS)
            raise ConfigurationError(f"TASKER_WEB_LINKS has the field {{{unknown[0]}}}; expected one of {fields}")
        templates.append(LinkTemplate(match["name"], match["url"]))
    return tuple(templates)


def links_of(task: Mapping[str, Any], templates: Sequence[LinkTemplate]) -> list[Link]:
    """Return the links of a task; a template with a field that the task does not have makes none.

    >>> links_of({"trace_id": "ab", "task_id": "a/b"}, [LinkTemplate("Tempo", "https://tempo/{trace_id}?task={task_id}")])
    [Link(name='Tempo', url='https://tempo/ab?task=a%2Fb')]
    """
    began = task.get("created_at") or task.get("started_at")
    ended = task.get("completed_at") or task.get("last_event_at")
    values = {
        "trace_id": task.get("trace_id"),
        "task_id": task.get("task_id"),
        "task_name": task.get("task_name"),
        "start_ms": None if began is None else began // 1000 - _MARGIN_MS,
        "end_ms": None if ended is None else ended // 1000 + _MARGIN_MS,
    }
    return [
        Link(template.name, _FIELD.sub(lambda match: quote(str(values[match[1]]), safe=""), template.url))
        for template in templates
        if all(values[name] is not None for name in _FIELD.findall(template.url))
    ]
