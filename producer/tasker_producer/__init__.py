"""Publish what happens in your tasks and steps: embed an `EventPublisher`, forget it.

Importing this loads confluent-kafka, fastavro and OpenTelemetry's API, and nothing else from outside.
"""

from tasker_producer.default_publisher import default_publisher, use_publisher
from tasker_producer.delivery.host.drops import DroppedEvent
from tasker_producer.helpers.payload_builder import EventPayloadBuilder
from tasker_producer.mixin import EventPublisherMixin
from tasker_producer.publisher import EventPublisher
from tasker_producer.record.custom_events import CustomEvent
from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_producer.tasks.current import current_step, current_task
from tasker_producer.tasks.step_scope import StepScope
from tasker_producer.tasks.task_scope import TaskScope
from tasker_producer.trace.carrier import carrier_from_environ, carrier_to_environ
from tasker_schemas.errors import ConfigurationError, UsageError
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents

__all__ = [
    "ConfigurationError",
    "CustomEvent",
    "DroppedEvent",
    "EventPayloadBuilder",
    "EventPublisher",
    "EventPublisherMixin",
    "ObservabilityEvents",
    "OnMisuse",
    "ProducerSettings",
    "SpanRef",
    "StepEvents",
    "StepScope",
    "TaskEvents",
    "TaskScope",
    "TraceHeaders",
    "UsageError",
    "WorkflowEvents",
    "carrier_from_environ",
    "carrier_to_environ",
    "current_step",
    "current_task",
    "default_publisher",
    "use_publisher",
]
