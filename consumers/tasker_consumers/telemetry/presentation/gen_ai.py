"""OpenTelemetry's conventions for generative AI: a task is the run of a workflow, its steps are operations.

An operation is of the kind that the step's own attribute `gen_ai.operation.name` tells; without it, the step is a tool
that the workflow executes.
"""

from dataclasses import replace

from tasker_consumers.telemetry.spans.span import CLIENT, END, INTERNAL, STEP, TASK, Attributes, Span

_OPERATION, _WORKFLOW = "gen_ai.operation.name", "gen_ai.workflow.name"
_AGENT, _TOOL, _MODEL = "gen_ai.agent.name", "gen_ai.tool.name", "gen_ai.request.model"
_CALL = "gen_ai.tool.call.id"
_INVOKE_WORKFLOW, _INVOKE_AGENT, _EXECUTE_TOOL, _PLAN = "invoke_workflow", "invoke_agent", "execute_tool", "plan"
#: Operations that ask a model elsewhere.
_ASKS_A_MODEL = {"chat", "embeddings", "generate_content", "text_completion"}
_OUTCOMES = {"complete": "completed", "error": "failed"}


def gen_ai_span(span: Span) -> Span:
    """Return a span with the names and attributes of the conventions for generative AI; its own attributes stay."""
    if span.kind == STEP:
        return _operation(span)
    if span.kind not in (TASK, END):
        return span
    attributes = span.attributes
    name = " ".join(filter(None, (_INVOKE_WORKFLOW, str(attributes.get("task_name", "")))))
    if span.kind == END:
        return replace(span, name=" ".join(filter(None, (name, _OUTCOMES.get(str(attributes.get("status")))))))
    added: Attributes = {_OPERATION: _INVOKE_WORKFLOW}
    if "task_name" in attributes:
        added[_WORKFLOW] = attributes["task_name"]
    return replace(span, name=name, attributes=attributes | added)


def _operation(span: Span) -> Span:
    attributes = span.attributes
    operation = str(attributes.get(_OPERATION) or _EXECUTE_TOOL)
    step = attributes.get("step_name") or attributes["step_id"]
    added: Attributes = {_OPERATION: operation}
    if operation == _EXECUTE_TOOL:
        added |= {_TOOL: attributes.get(_TOOL) or step, _CALL: attributes.get(_CALL) or attributes["step_id"]}
        target = added[_TOOL]
    elif operation == _INVOKE_AGENT:
        target = added[_AGENT] = attributes.get(_AGENT) or step
    elif operation == _PLAN:
        target = attributes.get(_AGENT, "")
    else:
        target = attributes.get(_MODEL, "")
    name = f"{operation} {target}" if target else operation
    return replace(
        span, name=name, attributes=attributes | added, role=CLIENT if operation in _ASKS_A_MODEL else INTERNAL
    )
