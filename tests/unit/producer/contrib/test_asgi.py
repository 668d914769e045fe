"""ASGI's middleware and FastAPI's dependencies, on real applications: failures, streams, refusals."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from tasker_producer import TaskScope, current_task, default_publisher
from tasker_producer.contrib.asgi import TaskerMiddleware
from tasker_producer.testing import RecordingPublisher

pytest_plugins = ["tasker_producer.pytest_plugin"]


def service() -> FastAPI:
    app = FastAPI()
    app.add_middleware(TaskerMiddleware)

    @app.post("/paid")
    async def paid() -> str:
        default_publisher().publish_event("order.paid")
        return "paid"

    @app.post("/broken")
    def broken() -> str:
        raise TimeoutError("gateway")

    @app.post("/refused")
    async def refused() -> str:
        raise HTTPException(404)

    @app.post("/unavailable")
    async def unavailable() -> str:
        raise HTTPException(503)

    @app.post("/rows")
    async def rows() -> StreamingResponse:
        async def stream() -> AsyncIterator[str]:
            for number in range(3):
                default_publisher().publish_event("row.sent")
                yield f"{number}\n"

        return StreamingResponse(stream())

    return app


def task_of_request(order_id: int) -> Iterator[TaskScope]:
    with default_publisher().task("order", task_id=order_id) as task:
        yield task


def service_with_a_dependency() -> FastAPI:
    app = FastAPI()
    Task = Annotated[TaskScope, Depends(task_of_request)]  # noqa: N806  it names a type

    @app.get("/orders/{order_id}")
    def read(order_id: int, task: Task) -> dict[str, Any]:
        if order_id == 404:
            raise HTTPException(404)
        if order_id == 500:
            raise RuntimeError("broken")
        return {"task": task.task_id}

    @app.get("/rows")
    def rows() -> StreamingResponse:
        def stream() -> Iterator[str]:
            with default_publisher().task("rows", task_id="rows") as task:
                for number in range(3):
                    with task.step("row", step_id=number):
                        yield f"{number}\n"

        return StreamingResponse(stream())

    return app


def test_a_request_that_changes_something_is_a_task(tasker_events: RecordingPublisher) -> None:
    assert TestClient(service()).post("/paid").json() == "paid"
    completed = tasker_events.assert_published("task.completed", task_name="request")
    assert completed.fields["attributes"]["http.response.status_code"] == 200
    tasker_events.assert_published("order.paid", task_id=completed.key)


def test_a_view_that_raises_answers_500_and_fails_its_task(tasker_events: RecordingPublisher) -> None:
    assert TestClient(service(), raise_server_exceptions=False).post("/broken").status_code == 500
    tasker_events.assert_published("task.failed", error_class="TimeoutError", error_message="gateway")


@pytest.mark.parametrize(("path", "status", "event"), [("/refused", 404, "completed"), ("/unavailable", 503, "failed")])
def test_the_status_of_the_response_decides_about_the_task(
    tasker_events: RecordingPublisher, path: str, status: int, event: str
) -> None:
    assert TestClient(service()).post(path).status_code == status
    tasker_events.assert_published(f"task.{event}")


def test_a_streamed_response_belongs_to_its_task_until_its_end(tasker_events: RecordingPublisher) -> None:
    assert TestClient(service()).post("/rows").text == "0\n1\n2\n"
    completed = tasker_events.assert_published("task.completed")
    assert [event.key for event in tasker_events.published("row.sent")] == [completed.key] * 3


def test_a_request_that_only_reads_is_no_task(tasker_events: RecordingPublisher) -> None:
    assert TestClient(service()).get("/paid").status_code == 405
    assert tasker_events.events == []


@pytest.mark.parametrize(
    ("order_id", "status", "event"), [(1, 200, "completed"), (404, 404, "failed"), (500, 500, "failed")]
)
def test_a_task_in_a_dependency_leaves_the_response_as_it_is(
    tasker_events: RecordingPublisher, order_id: int, status: int, event: str
) -> None:
    client = TestClient(service_with_a_dependency(), raise_server_exceptions=False)
    assert client.get(f"/orders/{order_id}").status_code == status
    tasker_events.assert_published(f"task.{event}", task_id=str(order_id))
    assert current_task() is None


def test_a_generator_with_steps_streams_to_its_end(tasker_events: RecordingPublisher) -> None:
    assert TestClient(service_with_a_dependency()).get("/rows").text == "0\n1\n2\n"
    tasker_events.assert_published("task.completed", task_id="rows", completed_steps=3)
