"""A worker asked over HTTP: a 503 is waited for as it asks, and only a worker that is away is an error."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.reading.worker import StatsWorker
from tasker_schemas.errors import BackendUnavailable
from tests.support.stats.histories import order_processing

if TYPE_CHECKING:
    from collections.abc import Iterator

STATS = recompute(order_processing())["42"]
BUSY = (503, {"error": "states are being restored"}, {"Retry-After": "0"})


@contextmanager
def server(answers: list[tuple[int, Any, dict[str, str]]]) -> Iterator[str]:
    """Yield the address of a server that gives these answers in turn, the last of them for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document, headers = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_a_worker_that_restores_is_asked_again_after_its_retry_after() -> None:
    reasons: list[str] = []
    with server([BUSY, BUSY, (200, STATS, {})]) as url:
        assert list(StatsWorker(url, "42", on_wait=reasons.append).backlog()) == [STATS]
    assert len(reasons) == 2
    assert all("states are being restored" in reason for reason in reasons)


def test_a_worker_that_stays_busy_is_given_up_in_the_end() -> None:
    with (
        server([(503, {"error": "busy"}, {"Retry-After": "30"})]) as url,
        pytest.raises(BackendUnavailable, match="busy"),
    ):
        list(StatsWorker(url, "42", patience_s=5).backlog())


def test_an_unknown_task_has_no_statistics_yet() -> None:
    with server([(404, {"error": "no task '42' is known"}, {}), (200, {}, {})]) as url:
        assert list(StatsWorker(url, "42").backlog()) == []
