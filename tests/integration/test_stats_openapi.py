"""What the pages promise and what workers answer: each documented answer, asked for and compared."""

import json
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from tests.support.processes import LIMIT_S
from tests.support.stats.group import TASKS, Group, group
from tests.support.worker_process import WorkerProcess

__all__ = ["group"]
TASK = f"/tasks/{quote(TASKS[0], safe='')}"
#: What has each documented answer; the 503 of lists is where workers are killed (test_stats_query.py).
QUESTIONS = {
    ("/tasks/{task_id}", 200): TASK,
    ("/tasks/{task_id}", 400): "/tasks/42?verbose=1",
    ("/tasks/{task_id}", 404): "/tasks/nobody",
    ("/tasks/{task_id}", 503): TASK,
    ("/tasks", 200): "/tasks?limit=3",
    ("/tasks", 400): "/tasks?limit=many",
    ("/windows", 200): "/windows?length=minute&limit=2",
    ("/windows", 400): "/windows?length=day",
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(worker: WorkerProcess, path: str, **headers: str) -> Answer:
    try:
        with urlopen(Request(worker.address() + path, headers=headers), timeout=LIMIT_S) as found:
            return Answer(found.status, dict(found.headers), found.read())
    except HTTPError as refused:
        with refused:
            return Answer(refused.code, dict(refused.headers), refused.read())


def passed_on(group: Group, path: str) -> list[Answer]:
    """What the workers say to a question that another worker passed on to them, which they answer alone or not."""
    return [answer(worker, path, **{"Tasker-Forwarded": "1"}) for worker in group.workers]


@pytest.fixture
def description(group: Group) -> Any:
    """The OpenAPI document, the same from all workers."""
    (document,) = {answer(worker, "/openapi.json").body for worker in group.workers}
    return json.loads(document)


def test_the_description_is_valid_and_every_answer_in_it_is_asked_for_here(description: Any) -> None:
    validate(description)
    pages = description["paths"]
    promised = {(path, int(status)) for path in pages for status in pages[path]["get"]["responses"]}
    assert promised - QUESTIONS.keys() == {("/tasks", 503), ("/windows", 503)}


@pytest.mark.parametrize(("page", "status"), QUESTIONS)
def test_an_answer_has_the_form_that_is_described(group: Group, description: Any, page: str, status: int) -> None:
    path = QUESTIONS[page, status]
    answers = passed_on(group, path) if status == 503 else [answer(worker, path) for worker in group.workers]
    found = next(one for one in answers if one.status == status)
    promised = description["paths"][page]["get"]["responses"][str(status)]["content"][found.headers["Content-Type"]]
    form = {**promised["schema"], "components": description["components"]}
    OAS31Validator(form).validate(json.loads(found.body))
    assert found.headers["Cache-Control"] == "no-store"


def test_what_was_passed_on_is_answered_by_its_owner_and_by_nobody_else(group: Group) -> None:
    answers = passed_on(group, TASK)
    assert sorted(one.status for one in answers) == [200, 503, 503]
    assert {one.headers.get("Retry-After") for one in answers if one.status == 503} == {"2"}


def test_the_page_for_people_lets_the_browser_load_nothing_else(group: Group) -> None:
    page = answer(group.workers[0], "/docs")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"/tasks/{task_id}" in page.body
