"""Random calls of everything that a publisher offers, with hostile objects in any of their parameters."""

import inspect
from collections.abc import Callable
from typing import Any

from tasker_producer import EventPayloadBuilder, EventPublisher, TaskScope
from tasker_schemas.names import RESERVED_NAMES
from tests.support.producer.hostile import Choices

_USUAL: dict[str, tuple[Any, ...]] = {
    "name": (*sorted(RESERVED_NAMES), "order.paid", "Task.Completed", "task.finished"),
    "task": ({"id": 1, "name": "order"}, {"task_id": "t"}),
    "step": ({"id": "s", "name": "pay", "attempts": 1, "task": {"id": 1}},),
    "task_id": (1, "t"),
    "step_id": ("s", 2),
    "payload": ({"task_id": 1, "step_id": "s"}, {"amount": 5}),
    "error": (ValueError("no"), "declined", KeyError),
}
_FIELDS = (
    "task_id",
    "step_id",
    "error_message",
    "backtrace",
    "total_steps",
    "depends_on",
    "started_at",
    "additional_context",
    "waiting_for",
    "until",
    "silence_limit",
)
_SHOWN = {"name", "task_id", "step_id", "run", "key", "event_id", "event_type", "correlation_id", "trace"}
HELPERS = tuple(
    name for name, _ in inspect.getmembers(EventPublisher, inspect.isfunction) if name.startswith("publish_")
)


class RandomCalls:
    """Makes one random call after the other; `publishing` counts those that publish one event or drop one."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher
        self.publishing = 0

    def make(self, choices: Choices) -> None:
        """Make a call."""
        kind = choices.below(8)
        if kind < len(_OTHERS):
            _OTHERS[kind](self._publisher, choices)
        else:
            self.publish(choices)

    def publish(self, choices: Choices) -> None:
        """Make a call that publishes an event or drops it."""
        method = getattr(self._publisher, HELPERS[choices.below(len(HELPERS))])
        self.publishing += 1
        method(**arguments(method, choices))


def arguments(method: Callable[..., Any], choices: Choices) -> dict[str, Any]:
    """Return random arguments of a call: about half of them usual, the others hostile."""
    chosen: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            chosen.update({field: value_for(field, choices) for field in _FIELDS if choices.below(3) == 0})
        elif parameter.default is inspect.Parameter.empty or choices.below(3) == 0:
            chosen[name] = value_for(name, choices)
    return chosen


def value_for(name: str, choices: Choices) -> Any:
    """Return a value for a parameter, usual or hostile."""
    usual = _USUAL.get(name)
    if usual is not None and choices.below(4):
        return choices.of(usual)
    if name in _SHOWN:  # what names a thing is shown to all, so no secret is put there
        return choices.odd()
    return choices.of((choices.odd(), choices.value(), choices.mapping()))


def _blocks(publisher: EventPublisher, choices: Choices) -> None:
    with publisher.task(**arguments(publisher.task, choices)) as task:
        task.additional_context = choices.of(({}, choices.value()))
        with task.step(**arguments(task.step, choices)) as step:
            step.results = choices.value()
            step.additional_context = choices.value()
            step.progress(choices.odd(), choices.odd())
            step.wait_for(choices.odd(), until=choices.odd(), silence_limit=choices.odd())
            choices.of((step.fail, step.skip, step.cancel, step.retry, step.publish_event))(choices.odd())
        task.wait_for(choices.odd(), until=choices.odd(), silence_limit=choices.odd())
        task.carrier()


def _resumed(publisher: EventPublisher, choices: Choices) -> None:
    carrier = choices.of(({"tasker-task-id": "1"}, choices.value(), choices.mapping()))
    with publisher.resume_task(carrier, attempt=choices.odd(), expected=choices.odd()) as task:
        assert isinstance(task, TaskScope)
        task.bind(choices.of((len, choices.odd())))


def _registered(publisher: EventPublisher, choices: Choices) -> None:
    publisher.register_event(choices.of((f"odd.{choices.below(9)}", choices.odd())), "odd", choices.value())
    publisher.publish_event(f"odd.{choices.below(9)}", choices.mapping())


def _decorated(publisher: EventPublisher, choices: Choices) -> None:
    def pay(_: Any = None) -> Any:
        return 5

    publisher.traced_step(choices.odd(), step_id=choices.odd())(pay)
    publisher.traced_task(choices.odd(), task_id=choices.odd())(pay)()
    publisher.traced_task("order")(choices.odd())


def _built(_: EventPublisher, choices: Choices) -> None:
    build = choices.of((EventPayloadBuilder.build_step_payload, EventPayloadBuilder.build_task_payload))
    build(value_for("name", choices), choices.value(), error=choices.odd(), started_at=choices.odd())


_OTHERS = (_blocks, _resumed, _registered, _decorated, _built)
