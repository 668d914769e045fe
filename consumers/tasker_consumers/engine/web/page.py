"""The questions of a group described for people: a page without scripts, fonts or pictures from elsewhere."""

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

#: All that the page itself needs; the browser refuses everything else.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
)
#: A form sends its fields after a question mark; the parameter of the path goes there.
_GO = "location.href = this.dataset.path.replace(/{.*}/, encodeURIComponent(this.elements[0].value)); return false"

Document = Mapping[str, Any]


def page_of(document: Document) -> str:
    """Return an OpenAPI document as an HTML page, with a form for each question."""
    info, schemas = document["info"], document["components"]["schemas"]
    style = (files("tasker_consumers.engine.web") / "page.css").read_text(encoding="utf-8")
    questions = "".join(_question(path, item["get"]) for path, item in document["paths"].items())
    records = "".join(_record(name, schema) for name, schema in schemas.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{style}</style></head><body><main>"
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])}</p>"
        f'<p>Version {escape(info["version"])} · for programs: <a href="openapi.json">openapi.json</a></p>'
        f"{questions}<section><h2>Answers</h2>"
        f"<p>Times are whole microseconds since 1970-01-01, UTC.</p>{records}</section>"
        "</main></body></html>"
    )


def _question(path: str, operation: Document) -> str:
    ok, *refusals = operation["responses"].items()
    example = json.dumps(ok[1]["content"]["application/json"]["example"], indent=2, ensure_ascii=False)
    answers = ((f"<code>{status}</code>", _text(refusal["description"])) for status, refusal in refusals)
    return (
        f'<section id="{escape(operation["operationId"])}"><h2><span class="method">GET</span> '
        f'<code class="path">{escape(path)}</code></h2>'
        f"<p><strong>{escape(operation['summary'])}</strong></p><p>{_text(operation['description'])}</p>"
        f"{_form(path, operation['parameters'])}"
        f"<h3>Answer</h3><details><summary>Example</summary><pre>{escape(example)}</pre></details>"
        f"<h3>Or else</h3>{_table(answers)}</section>"
    )


def _form(path: str, parameters: Iterable[Document]) -> str:
    rows = (_field(path + parameter["name"], parameter) for parameter in parameters)
    go = f' data-path="{escape(path.lstrip("/"))}" onsubmit="{escape(_GO)}"' if "{" in path else ""
    # Pages are side by side, also behind a proxy that puts something before them.
    action = escape(path.partition("/{")[0].lstrip("/"))
    return f'<h3>Ask</h3><form action="{action}"{go}>{_table(rows)}<button>Ask</button></form>'


def _field(id_: str, parameter: Document) -> tuple[str, ...]:
    name, needed = escape(parameter["name"]), " required" if parameter["required"] else ""
    schema, default = parameter["schema"], escape(str(parameter["schema"].get("default", "")))
    if "enum" in schema:
        options = "".join(f"<option>{escape(value)}</option>" for value in schema["enum"])
        box = f'<select id="{escape(id_)}" name="{name}"><option value="">{default}</option>{options}</select>'
    else:
        box = f'<input id="{escape(id_)}" name="{name}" placeholder="{default}"{needed}>'
    return f'<label for="{escape(id_)}"><code>{name}</code></label>', box, _text(parameter["description"])


def _text(text: str) -> str:
    """Return a text with its `names` as code."""
    return re.sub(r"`(.+?)`", r"<code>\1</code>", escape(text))


def _record(name: str, schema: Document) -> str:
    fields = (
        (f"<code>{escape(field)}</code>", escape(_kind(inner)), _text(inner.get("description", "")))
        for field, inner in schema["properties"].items()
    )
    return f'<details id="{escape(name)}"><summary>{escape(name)}</summary>{_table(fields)}</details>'


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_kind(schema['items'])}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="table"><table>{lines}</table></div>'
