"""Encodes the fields of an event as an Avro record: checked, masked, and within the limit of its size."""

from functools import partial
from typing import Any

from tasker_producer.masking.masker import Masker
from tasker_producer.record.building.occurrence import Occurrence
from tasker_producer.record.building.templates import Template, Templates
from tasker_producer.record.fields import Conversion, FieldConverters
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.record.truncation import encode_within
from tasker_producer.settings import ProducerSettings


class RecordEncoder:
    """Encodes the records of a service; with `frames` each begins with its registry's id, once that is known."""

    def __init__(self, settings: ProducerSettings, frames: RegistryFrames | None = None) -> None:
        self._converters = FieldConverters(Masker(settings.filter_parameters, settings.filter_mask))
        #: The templates of the records that it writes.
        self.templates = Templates(settings, self._converters)
        self._frames = frames
        self._max_bytes = settings.max_record_bytes

    def encode(self, template: Template, fields: dict[str, Any], occurrence: Occurrence, misuse: Misuse) -> bytes:
        """Return the record's bytes: usual values at once, others through the converters.

        A record above `max_record_bytes` is cut. Raises UsageError, in strict mode, for a field that does not fit.
        """
        writer, writers = template.writer, template.fields
        parts = writer.absent.copy()
        frame = None if self._frames is None else self._frames.frame_of(template.family)
        parts[0] = frame or parts[0]
        (id_at, write_id), (time_at, write_time), (type_at, write_type) = template.occurrence
        conversion: Conversion | None = None
        try:
            parts[id_at] = write_id(occurrence.event_id)
            parts[time_at] = write_time(occurrence.timestamp)
            if occurrence.event_type is not None:
                parts[type_at] = write_type(occurrence.event_type)
            for name, value in fields.items():
                if value is None:
                    continue
                field = writers.get(name)
                encoded = None if field is None else field.quick(value)
                if encoded is None:
                    conversion = conversion or Conversion(misuse)
                    plain = self._converters.value(template.family, name, value, conversion)
                    encoded = None if plain is None or field is None else field.write(plain)
                if field is not None and encoded is not None:
                    parts[field.position] = encoded
            if conversion is not None and conversion.cuts:
                position, write = writer.fields["truncated"]
                parts[position] = write(conversion.cuts)
            record = b"".join(parts)
        except UnicodeEncodeError:
            record = b""
        if record and len(record) <= self._max_bytes:
            return record
        again = self._converters.convert(template.family, fields, Conversion(misuse.silent))
        again |= {"event_id": occurrence.event_id, "timestamp": occurrence.timestamp}
        if occurrence.event_type is not None:
            again["event_type"] = occurrence.event_type
        return encode_within(partial(writer.encode, frame=frame), again, self._max_bytes)
