"""Traces of OpenTelemetry and Jaeger as events."""

from tasker_consumers.importers.traces.jaeger import read as read_jaeger
from tasker_consumers.importers.traces.otlp import read as read_otlp

__all__ = ["read_jaeger", "read_otlp"]
