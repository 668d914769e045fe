"""Records without secrets, for files that leave the system: the producer's rules, applied to stored events."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tasker_consumers.replay.payload import decode, family_of_record
from tasker_consumers.replay.record import StoredRecord
from tasker_producer.masking.masker import Decision, Masker
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonRecord


def masked_record(record: StoredRecord, masker: Masker, decoder: Decoder) -> StoredRecord:
    """Return a record with the values of secret names masked in payload and headers, else byte for byte.

    A record that cannot be read keeps its value: nobody knows names in it.
    """
    headers = tuple((name, _masked_header(name, value, masker)) for name, value in record.headers)
    try:
        fields = decode(record, decoder)
    except PoisonRecord:
        return replace(record, headers=headers)
    family = family_of_record(record)
    # Fields of the record have names of ours; names below them are the service's.
    masked = {name: masked_value(value, masker) for name, value in fields.items()}
    if masked == fields or family is None:
        return replace(record, headers=headers)
    return replace(record, headers=headers, value=encode(RECORD_OF_FAMILY[family], masked))


def masked_value(value: Any, masker: Masker) -> Any:
    """Return a value of JSON with the values of secret names masked at every depth."""
    if isinstance(value, str):
        return masker.scrub(value)
    if isinstance(value, Mapping):
        return {
            name: masker.mask if masker.decide(str(name)) is Decision.HIDE else masked_value(item, masker)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked_value(item, masker) for item in value]
    return value


def _masked_header(name: str, value: bytes | None, masker: Masker) -> bytes | None:
    if value is None:
        return None
    if masker.decide(name) is Decision.HIDE:
        return masker.mask.encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    scrubbed = masker.scrub(text)
    return value if scrubbed == text else scrubbed.encode()
