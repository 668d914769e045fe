"""The first page of a worker, for people: its group, whether it is ready, and links to its other pages."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from tasker_consumers.engine.web.questions import Question

_PAGES = {
    "/readyz": "whether this worker is ready, and its reason when it is not",
    "/healthz": "whether this worker is alive",
    "/metrics": "its numbers, for Prometheus",
}
_PAGES_OF_QUESTIONS = {
    "/docs": "all questions, with a form for each",
    "/openapi.json": "the same for programs",
}


def home_page(group: str, status: str, questions: Sequence[Question]) -> str:
    """Return the page as HTML; `status` is the text of `/readyz`.

    >>> "<h1>tasker-stats</h1>" in home_page("tasker-stats", "ok", [])
    True
    """
    style = (files("tasker_consumers.engine.web") / "page.css").read_text(encoding="utf-8")
    lists = {question.page.path: question.page.title for question in questions if question.page.key is None}
    pages = {**lists, **(_PAGES_OF_QUESTIONS if questions else {}), **_PAGES}
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(group)}</title>'
        f"<style>{style}</style></head><body><main><h1>{escape(group)}</h1>"
        f"<p>One worker of this consumer group. It says: <strong>{escape(status)}</strong>.</p>"
        f"<ul>{''.join(_links(pages.items()))}</ul></main></body></html>"
    )


def _links(pages: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f'<li><a href="{escape(path)}">{escape(path)}</a>: {escape(text)}</li>' for path, text in pages)
