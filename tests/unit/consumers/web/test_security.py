"""Who may look at the web view, and what its pages may do."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from starlette.testclient import TestClient

from tasker_consumers.web.app import ROUTES
from tasker_consumers.web.security.access import COOKIE
from tasker_consumers.web.security.headers import CONTENT_SECURITY_POLICY
from tasker_consumers.web.settings import WebSettings
from tasker_schemas.errors import ConfigurationError
from tests.support.telemetry.histories import order
from tests.support.web import client_over

TOKEN = "a-token-of-many-characters"
_HTML = {"accept": "text/html"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_over(order()) as client:
        yield client


@pytest.fixture
def with_token() -> Iterator[TestClient]:
    with client_over(order(), WebSettings(host="0.0.0.0", token=TOKEN), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "example.org"])
def test_other_machines_are_let_in_only_where_somebody_is_asked(host: str) -> None:
    with pytest.raises(ConfigurationError, match="TASKER_WEB_TOKEN"):
        WebSettings(host=host)
    assert WebSettings(host=host, token=TOKEN).asks
    assert WebSettings(host=host, proxy_header="X-User").asks


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_token(host: str) -> None:
    assert not WebSettings(host=host).asks


def test_a_name_of_another_site_that_points_here_shows_nothing(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/", headers={"host": "localhost:8600"}).status_code == 200


def test_nothing_can_be_written(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.request(method, "/").status_code == 405


def test_every_answer_has_the_policy_and_none_has_an_exception_from_it(client: TestClient) -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    pages = ("/", "/task?id=42", "/task", "/nowhere", "/?status=x")
    for path in (*pages, "/assets/web.css", "/assets/nothing", "/healthz"):
        assert client.get(path).headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path


def test_templates_have_no_inline_code_and_nothing_that_htmx_would_evaluate() -> None:
    for file in (files("tasker_consumers.web") / "templates").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|<style|\son\w+=|hx-on|js:|hx-live|\|safe|autoescape", text), file.name
        assert not re.search(r"<script(?! src=\"assets/[\w.-]+\"( defer)?></script>)", text), file.name
        assert not re.search(r"hx-trigger=\"[^\"]*\[", text), file.name


def test_without_the_token_no_page_is_shown(with_token: TestClient) -> None:
    for route in ROUTES:
        if route.path in ("/healthz", "/readyz", "/login") or "{" in route.path:
            continue
        assert with_token.get(route.path).status_code == 401, route.path
    answer = with_token.get("/", headers=_HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "login")
    assert with_token.get("/", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert with_token.get("/", headers={"cookie": f"{COOKIE}={TOKEN}"}).status_code == 401


def test_the_token_lets_in_by_header_and_by_login(with_token: TestClient) -> None:
    assert with_token.get("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert with_token.post("/login", data={"token": "wrong"}).status_code == 401
    answer = with_token.post("/login", data={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert with_token.get("/").status_code == 200


def test_a_proxy_lets_in_whom_it_names() -> None:
    with client_over(order(), WebSettings(host="0.0.0.0", proxy_header="X-Forwarded-User")) as client:
        assert client.get("/").status_code == 401
        assert client.get("/", headers={"X-Forwarded-User": "ada"}).status_code == 200
