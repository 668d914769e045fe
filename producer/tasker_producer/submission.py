"""The way of every event that a call has read: completed, built, and given to the delivery."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tasker_producer.delivery.kafka import Delivery
from tasker_producer.helpers.defaults import beginning_of, with_defaults
from tasker_producer.record.arguments import Call, Options, combined_attributes
from tasker_producer.record.building.builder import EventBuilder
from tasker_producer.record.error_fields import FAILURES, failure_fields
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.record.waiting import waiting_attributes
from tasker_producer.settings import ProducerSettings
from tasker_schemas.waiting import WAITING_EVENTS

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class EventSubmission:
    """Completes and builds events, and hands them to the delivery."""

    settings: ProducerSettings
    _delivery: Delivery

    def __init__(
        self, settings: ProducerSettings, frames: RegistryFrames | None, *, strict: bool, presume: bool = True
    ) -> None:
        self._presume = presume
        self.misuse = Misuse(strict=strict)
        self._builder = EventBuilder(settings, frames)

    def submit(
        self, name: Any, call: Call, misuse: Misuse, error: Any = None, subject: Mapping[str, Any] = _NOTHING
    ) -> None:
        """Publish an event; fields of the call hold before those of `subject`, `misuse` decides about mistakes."""
        try:
            fields = call.fields
            if error is not None or name in FAILURES:
                fields = failure_fields(name, fields, error, subject, self.settings.backtrace_frames)
            elif subject:
                fields = {**subject, **{key: value for key, value in fields.items() if value is not None}}
            fields = with_defaults(name, fields, presume=self._presume)
            if call.context is not None:
                fields = {**fields, "attributes": combined_attributes(fields.get("attributes"), call.context, misuse)}
            event = self._builder.build(name, fields, call.options, misuse)
        except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
            misuse.drop(name, mistake)
            return
        self._delivery.send(event.topic, event.key, event.value, event.headers)
        event_type = call.options.event_type
        if event_type is not None and (beginning := beginning_of(name, event_type)) is not None:
            self._begin(beginning, fields, call.options, misuse)

    def waiting_context(self, name: Any, fields: dict[str, Any], context: Any) -> Any:
        """Return the context of an event with what a waiting event waits for, which is taken out of its `fields`."""
        if name not in WAITING_EVENTS:
            return context
        wait = [fields.pop(key, None) for key in ("waiting_for", "until", "silence_limit")]
        return combined_attributes(waiting_attributes(self.misuse, *wait), context, self.misuse)

    def _begin(self, name: str, fields: dict[str, Any], options: Options, misuse: Misuse) -> None:
        """Publish the beginning that a request with `event_type="started"` means as well."""
        shared = {key: value for key, value in fields.items() if key not in {"step_inputs", "context"}}
        begun = replace(options, event_type=None, event_id=None)
        self.submit(name, Call({"started_at": options.timestamp, **shared}, begun), misuse.silent)
