"""Names and attributes by each convention: ids, parents, times, counts and status stay."""

from dataclasses import replace
from typing import Any

import pytest

from tasker_consumers.telemetry.presentation.convention import Convention
from tasker_consumers.telemetry.presentation.shape import SpanShape
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import CLIENT, INTERNAL, SERVER, STEP, TASK, Span
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import Told, attempt, failed_order, order, told

CICD, GEN_AI = SpanShape(convention=Convention.CICD), SpanShape(convention=Convention.GEN_AI)


def shown(shape: SpanShape, history: list[Told]) -> list[Span]:
    return shape.applied(spans_of(history))


def step(shape: SpanShape, **attributes: Any) -> Span:
    (span,) = [s for s in shown(shape, attempt("charge", 1, 2, attributes=attributes)) if s.kind == STEP]
    return span


def neutral(span: Span) -> Span:
    """What no convention changes."""
    return replace(span, name="", attributes={}, role=INTERNAL)


@pytest.mark.parametrize("shape", [SpanShape(), CICD, GEN_AI])
@pytest.mark.parametrize("history", [order(), failed_order()])
def test_names_attributes_and_roles_are_all_that_a_convention_changes(shape: SpanShape, history: list[Told]) -> None:
    before = spans_of(history)
    after = shape.applied(before)
    assert [neutral(span) for span in after] == [neutral(span) for span in before]
    for old, new in zip(before, after, strict=True):
        assert old.attributes.items() <= new.attributes.items()


def test_spans_stay_the_very_same_by_default() -> None:
    spans = spans_of(order())
    assert SpanShape().applied(spans) is spans


def test_a_task_is_the_run_of_a_pipeline() -> None:
    root = next(span for span in shown(CICD, order()) if span.kind == TASK)
    assert (root.name, root.role) == ("RUN order_processing", SERVER)
    assert root.attributes.items() >= {
        "cicd.pipeline.name": "order_processing", "cicd.pipeline.run.id": "42", "cicd.pipeline.result": "success",
        "cicd.pipeline.action.name": "RUN",
    }.items()  # fmt: skip


def test_the_end_of_a_pipeline_is_named_after_it() -> None:
    assert "RUN order_processing completed" in {span.name for span in shown(CICD, order())}
    assert "RUN order_processing failed" in {span.name for span in shown(CICD, failed_order())}


def test_a_running_pipeline_has_a_state_and_no_result() -> None:
    root = shown(CICD, [told(TaskEvents.START_REQUESTED, 0)])[0]
    assert root.attributes["cicd.pipeline.run.state"] == "executing"
    assert "cicd.pipeline.result" not in root.attributes


def test_an_attempt_is_the_run_of_a_pipelines_task() -> None:
    second = next(span for span in shown(CICD, order()) if span.attributes.get("attempt_number") == 2)
    assert second.name == "charge_step"
    assert second.attributes.items() >= {
        "cicd.pipeline.task.name": "charge_step", "cicd.pipeline.task.run.id": "charge/2",
        "cicd.pipeline.task.run.result": "success", "cicd.pipeline.name": "order_processing",
    }.items()  # fmt: skip
    failed = next(span for span in shown(CICD, failed_order()) if span.kind == STEP)
    assert failed.attributes["cicd.pipeline.task.run.result"] == "failure"
    assert failed.attributes["error.type"] == "gateway.Timeout"


@pytest.mark.parametrize(
    ("conclusion", "result"),
    [("timed_out", "timeout"), ("skipped", "skip"), ("startup_failure", "error"), ("x", "success")],
)
def test_the_conclusion_of_an_imported_job_is_its_result(conclusion: str, result: str) -> None:
    span = step(CICD, conclusion=conclusion, url="https://ci/1", runner="linux-1")
    assert span.attributes.items() >= {
        "cicd.pipeline.task.run.result": result, "cicd.pipeline.task.run.url.full": "https://ci/1",
        "cicd.worker.name": "linux-1",
    }.items()  # fmt: skip


def test_a_task_is_the_run_of_a_workflow_of_agents() -> None:
    spans = shown(GEN_AI, order())
    root = next(span for span in spans if span.kind == TASK)
    assert root.name == "invoke_workflow order_processing"
    assert root.attributes["gen_ai.operation.name"] == "invoke_workflow"
    assert root.attributes["gen_ai.workflow.name"] == "order_processing"
    assert "invoke_workflow order_processing completed" in {span.name for span in spans}


@pytest.mark.parametrize(
    ("attributes", "name", "told", "role"),
    [
        (
            {},
            "execute_tool charge_step",
            {"gen_ai.tool.name": "charge_step", "gen_ai.tool.call.id": "charge"},
            INTERNAL,
        ),
        ({"gen_ai.tool.name": "pay"}, "execute_tool pay", {"gen_ai.operation.name": "execute_tool"}, INTERNAL),
        (
            {"gen_ai.operation.name": "invoke_agent"},
            "invoke_agent charge_step",
            {"gen_ai.agent.name": "charge_step"},
            INTERNAL,
        ),
        ({"gen_ai.operation.name": "plan", "gen_ai.agent.name": "Ada"}, "plan Ada", {}, INTERNAL),
        ({"gen_ai.operation.name": "plan"}, "plan", {}, INTERNAL),
        ({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m1"}, "chat m1", {}, CLIENT),
    ],
)
def test_a_step_is_the_operation_that_its_attribute_tells(
    attributes: dict[str, Any], name: str, told: dict[str, Any], role: int
) -> None:
    span = step(GEN_AI, **attributes)
    assert (span.name, span.role) == (name, role)
    assert told.items() <= span.attributes.items()


def test_the_convention_is_read_from_the_environment() -> None:
    assert SpanShape.from_env({"TASKER_SPAN_CONVENTION": "CICD"}).convention is Convention.CICD
    opted_in = {"TASKER_SPAN_CONVENTION": "gen_ai", "OTEL_SEMCONV_STABILITY_OPT_IN": "http,gen_ai_latest_experimental"}
    assert SpanShape.from_env(opted_in).convention is Convention.GEN_AI
    with pytest.raises(
        ConfigurationError, match="expected gen_ai_latest_experimental in OTEL_SEMCONV_STABILITY_OPT_IN"
    ):
        SpanShape.from_env({"TASKER_SPAN_CONVENTION": "gen_ai"})
    with pytest.raises(ConfigurationError, match="TASKER_SPAN_CONVENTION is 'cdci'"):
        SpanShape.from_env({"TASKER_SPAN_CONVENTION": "cdci"})
