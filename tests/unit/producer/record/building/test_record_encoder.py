"""A record holds its fields masked, and keeps within the limit of its size."""

from typing import Any

import pytest

from tasker_producer import ProducerSettings
from tasker_producer.record.building.occurrence import Occurrence
from tasker_producer.record.building.record_encoder import RecordEncoder
from tasker_producer.record.misuse import Misuse
from tasker_schemas.errors import UsageError

OCCURRENCE = Occurrence("id-1", 1_700_000_000_000_000, None)
LIMIT = 4096


def encode(fields: dict[str, Any], *, strict: bool = True) -> bytes:
    encoder = RecordEncoder(ProducerSettings(max_record_bytes=LIMIT))
    return encoder.encode(encoder.templates.of_name("order.paid"), fields, OCCURRENCE, Misuse(strict=strict))


def test_a_secret_never_reaches_the_record() -> None:
    record = encode({"attributes": {"password": "hunter2", "colour": "green"}})
    assert b"hunter2" not in record
    assert b"green" in record


@pytest.mark.parametrize("size", [LIMIT - 100, LIMIT, 10 * LIMIT])
def test_a_record_of_any_size_keeps_its_id_and_the_limit(size: int) -> None:
    record = encode({"attributes": {"text": "x" * size}})
    assert len(record) <= LIMIT
    assert b"id-1" in record


def test_an_unknown_field_is_refused_in_strict_mode_and_left_out_in_production() -> None:
    with pytest.raises(UsageError, match="colour"):
        encode({"colour": "green"})
    assert encode({"colour": "green"}, strict=False) == encode({})
