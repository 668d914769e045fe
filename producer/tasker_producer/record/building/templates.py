"""The parts that all events of a name share in this process, made once for each name."""

import os
import socket
from dataclasses import dataclass
from typing import Any

from tasker_producer.record.avro_writer import FieldWriter, RecordWriter, Write, field_writers
from tasker_producer.record.fields import FieldConverters
from tasker_producer.settings import ProducerSettings
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import STATE_AFTER
from tasker_schemas.headers import CE_ID, Header, cloud_event_headers
from tasker_schemas.names import Family, event_type_of, family_of
from tasker_schemas.topics import event_topic

_MAX_TEMPLATES = 1000  # custom names made of data would fill the memory


@dataclass
class Template:
    """The parts that all events of a name share in this process."""

    name: str
    family: Family
    topic: str
    writer: RecordWriter
    fields: dict[str, FieldWriter]
    #: Positions and writers of `event_id`, `timestamp` and `event_type`.
    occurrence: tuple[tuple[int, Write], ...]
    headers: list[Header]


class Templates:
    """The templates of a service's events."""

    def __init__(self, settings: ProducerSettings, converters: FieldConverters) -> None:
        self._settings = settings
        self._converters = converters
        #: The templates that are made already.
        self.by_name: dict[str, Template] = {}

    def of_name(self, name: str) -> Template:
        """Return the template of a valid event name."""
        template = self.by_name.get(name)
        if template is None:
            template = self._make(name)
            if template.family is not Family.CUSTOM or len(self.by_name) < _MAX_TEMPLATES:
                self.by_name[name] = template
        return template

    def clear(self) -> None:
        """Forget all templates: they name the process that made them."""
        self.by_name.clear()

    def _make(self, name: str) -> Template:
        family = family_of(name)
        service = self._settings.service_name
        constants: dict[str, Any] = {
            "event_name": name,
            "event_type": event_type_of(name),
            "service": service,
            "service_version": self._settings.service_version or None,
            "producer": f"{socket.gethostname()}:{os.getpid()}",
        }
        if family is Family.TASK:
            constants["to_state"] = str(STATE_AFTER[name])
        headers = [h for h in cloud_event_headers({"event_id": "", "event_name": name}, service) if h[0] != CE_ID]
        writer = RecordWriter(RECORD_OF_FAMILY[family], constants)
        topic = event_topic(family, self._settings.topic_prefix)
        writers = field_writers(family, writer, self._converters)
        occurrence = tuple(writer.fields[field] for field in ("event_id", "timestamp", "event_type"))
        return Template(name, family, topic, writer, writers, occurrence, headers)
