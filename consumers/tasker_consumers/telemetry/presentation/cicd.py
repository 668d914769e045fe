"""OpenTelemetry's conventions for CI/CD: a task is the run of a pipeline, an attempt the run of a pipeline's task."""

from dataclasses import replace

from tasker_consumers.telemetry.spans.span import END, SERVER, STEP, TASK, Attributes, Span

_RUN = "RUN"  # of the well-known actions of a pipeline run, the general one
_EXECUTING = "executing"
_OUTCOMES = {"complete": "completed", "error": "failed"}
#: Results by the state of a task or step, and by the conclusion of an imported GitHub run.
_RESULTS = {
    "complete": "success",
    "error": "failure",
    "cancelled": "cancellation",
    "resolved_manually": "resolved_manually",  # the conventions have no word for it
}
_OF_CONCLUSION = {
    "success": "success",
    "failure": "failure",
    "cancelled": "cancellation",
    "skipped": "skip",
    "timed_out": "timeout",
    "startup_failure": "error",
}


def cicd_span(span: Span) -> Span:
    """Return a span with the names and attributes of the CI/CD conventions; its own attributes stay."""
    if span.kind == STEP:
        return _task_run(span)
    if span.kind not in (TASK, END):
        return span
    name = _named(_RUN, span.attributes.get("task_name"))
    if span.kind == END:
        return replace(span, name=_named(name, _OUTCOMES.get(str(span.attributes.get("status")))))
    return _pipeline_run(span, name)


def _pipeline_run(span: Span, name: str) -> Span:
    own = span.attributes
    result = _result_of(own)
    added: Attributes = {"cicd.pipeline.action.name": _RUN, "cicd.pipeline.run.id": own["task_id"]}
    if "task_name" in own:
        added["cicd.pipeline.name"] = own["task_name"]
    if result is None:
        added["cicd.pipeline.run.state"] = _EXECUTING
    else:
        added["cicd.pipeline.result"] = result
    if "url" in own:
        added["cicd.pipeline.run.url.full"] = own["url"]
    return replace(span, name=name, attributes=own | added, role=SERVER)


def _task_run(span: Span) -> Span:
    own = span.attributes
    result = _result_of(own)
    step_id, number = str(own["step_id"]), own.get("attempt_number", 1)
    name = str(own.get("step_name") or step_id)
    added: Attributes = {
        "cicd.pipeline.task.name": name,
        "cicd.pipeline.task.run.id": step_id if number == 1 else f"{step_id}/{number}",
    }
    if "task_name" in own:
        added["cicd.pipeline.name"] = own["task_name"]
    if result is not None:
        added["cicd.pipeline.task.run.result"] = result
    if "url" in own:
        added["cicd.pipeline.task.run.url.full"] = own["url"]
    if "runner" in own:
        added["cicd.worker.name"] = own["runner"]
    return replace(span, name=name, attributes=own | added)


def _result_of(attributes: Attributes) -> str | None:
    """Return the result of a run; None while it runs."""
    result = _RESULTS.get(str(attributes.get("status")))
    return result and _OF_CONCLUSION.get(str(attributes.get("conclusion")), result)


def _named(first: str, second: object) -> str:
    return f"{first} {second}" if second else first
