"""Questions: what their parameters take, and how they are described for programs and for people."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from openapi_spec_validator import validate

from tasker_consumers.engine.web.openapi import openapi
from tasker_consumers.engine.web.page import page_of
from tasker_consumers.engine.web.questions import read_parameters
from tasker_schemas.errors import UsageError
from tests.support.engine.questions import ALL, LEAST, ONE, ORDER


def test_what_is_not_given_or_empty_has_its_default() -> None:
    assert read_parameters((LEAST, ORDER), []) == {"least": 0, "order": None}
    assert read_parameters((LEAST, ORDER), [("least", ""), ("order", "up")]) == {"least": 0, "order": "up"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ([("least", "few")], "least is 'few'; expected a number"),
        ([("last", "1")], "'last' is no parameter here; expected least, order"),
        ([("least", "1"), ("least", "")], "least is given twice; expected one value"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_was_expected(given: list[tuple[str, str]], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        read_parameters((LEAST, ORDER), given)


def test_the_description_for_programs_is_valid_openapi() -> None:
    document: Any = openapi("counting", [ONE, ALL])
    validate(document)
    assert [*document["paths"]] == ["/numbers/{key}", "/numbers"]
    assert {*document["paths"]["/numbers/{key}"]["get"]["responses"]} == {"200", "400", "404", "503"}
    assert {*document["paths"]["/numbers"]["get"]["responses"]} == {"200", "400", "503"}
    assert {*document["components"]["schemas"]} == {"Error", "Number"}


class Links(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = list[str]()
        self.leads_to = set[str]()
        self.asks_for = list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        self.leads_to |= {told[name] or "" for name in ("href", "src", "action") if name in told}
        self.asks_for += [told["name"] or ""] if tag in {"input", "select"} else []


def test_the_page_for_people_asks_for_every_parameter_and_needs_nothing_from_elsewhere() -> None:
    page = Links()
    page.feed(page_of(openapi("counting", [ONE, ALL])))
    assert page.asks_for == ["key", "least", "order"]
    assert page.leads_to == {"openapi.json", "numbers"}
    assert not {"script", "link", "img", "iframe"} & {*page.tags}


def test_texts_on_the_page_are_shown_and_not_interpreted() -> None:
    text = page_of(openapi("<b>", [ONE, ALL]))
    assert "All &lt;of them&gt;" in text
    assert "<b>" not in text
    assert "Its <code>key</code>." in text
    assert json.dumps(ONE.page.example, indent=2).replace('"', "&quot;") in text
