"""What all routes share: settings, sources, the masker, and the templates that render a model."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tasker_consumers.waits import shown_status
from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.sources.sources import Sources
from tasker_producer.masking.masker import Masker

#: The pages of the navigation: address, title, and the key that opens it after `g`.
PAGES = (
    ("./", "Tasks", "t"),
    ("grid", "Grid", "r"),
    ("errors", "Errors", "e"),
    ("stats", "Statistics", "s"),
    ("groups", "Groups", "g"),
)


def _environment() -> Environment:
    loader = ChoiceLoader(
        [PackageLoader("tasker_consumers.web"), PackageLoader("tasker_consumers.trace_view", "assets")]
    )
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(pages=PAGES, address=address, shown_status=shown_status)
    return environment


def address(page: str, **parameters: object) -> str:
    """Return the address of a page, relative to ours: they lie side by side, also behind a proxy with a path.

    >>> address("task", id="a/b&c")
    'task?id=a%2Fb%26c'
    """
    parameters_set = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"{page}?{urlencode(parameters_set)}" if parameters_set else page


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The web view as its routes see it."""

    settings: WebSettings
    sources: Sources
    masker: Masker
    templates: Environment = field(default_factory=_environment)

    def page(self, request: Request, template: str, status: int = 200, **model: Any) -> HTMLResponse:
        """Return a template rendered with a model; everything in it is escaped."""
        return HTMLResponse(self.render(template, **model, page=_name(request), trouble=self.sources.trouble), status)

    def render(self, template: str, **model: Any) -> str:
        """Return a template rendered with a model as text."""
        return self.templates.get_template(template).render(model)


def _name(request: Request) -> str:
    return request.url.path.rpartition("/")[2] or "./"


def site_of(request: Request) -> Site:
    """Return the site that a request is for."""
    site: Site = request.app.state.site
    return site
