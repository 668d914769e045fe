"""The codec: honest records come back as they were, all others as PoisonRecord with a reason."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import example, given
from hypothesis import strategies as st

from tasker_schemas.avro.codec import (
    CONFLUENT,
    SINGLE_OBJECT,
    Decoder,
    confluent_frame,
    encode,
    single_object_frame,
)
from tasker_schemas.avro.guard import MAX_RECORD_BYTES
from tasker_schemas.avro.versions import Schema, added_fields, all_schemas, latest
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord, UsageError
from tests.support.schemas.forged import avro_long, avro_string, custom_event_bytes, custom_event_schema
from tests.support.schemas.golden_examples import golden_examples

EVENT = {"event_id": "e1", "event_name": "a.b", "timestamp": 1}
RECORDS = sorted({schema.record for schema in all_schemas()})
GOLDEN = [(golden.schema.record, golden.single_object_file.read_bytes()) for golden in golden_examples()]
DECODER = Decoder()


def reason_of(record: str, value: bytes | None, decoder: Decoder = DECODER) -> PoisonReason | None:
    """Why a value cannot be read, if so."""
    try:
        decoder.decode(record, value)
    except PoisonRecord as poison:
        return poison.reason
    return None


def decoder_for(schema: Any) -> Decoder:
    """A decoder whose registry knows this schema as number 1."""
    return Decoder({1: schema}.__getitem__)


@pytest.mark.parametrize("frame", [None, confluent_frame(7)], ids=["single object", "confluent"])
def test_a_record_comes_back_with_the_defaults_of_its_version(frame: bytes | None) -> None:
    decoder = Decoder({7: latest("CustomEvent").declared}.__getitem__)
    found = decoder.decode("CustomEvent", encode("CustomEvent", EVENT, frame))
    assert found == {
        **EVENT, "task_id": None, "event_type": "", "task_name": None, "correlation_id": None, "attributes": {},
        "service": "", "producer": "", "truncated": [], "service_version": None,
    }  # fmt: skip


@given(st.integers(-(2**63), 2**63 - 1), st.dictionaries(st.text(), st.none() | st.booleans() | st.text()))
def test_whatever_fits_the_schema_survives_the_way(timestamp: int, attributes: dict[str, Any]) -> None:
    event = EVENT | {"timestamp": timestamp, "attributes": attributes}
    assert DECODER.decode("CustomEvent", encode("CustomEvent", event)).items() >= event.items()


@pytest.mark.parametrize(
    "wrong",
    [{"timestamp": "now"}, {"timestamp": 2**63}, {"event_id": 7}, {"event_id": "\ud800"}, {"attributes": {"x": b"y"}}],
)
def test_a_value_that_does_not_fit_is_the_callers_mistake(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="CustomEvent: "):
        encode("CustomEvent", EVENT | wrong)


def test_a_missing_identity_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="CustomEvent: "):
        encode("CustomEvent", {"event_id": "e1"})


GOOD = encode("CustomEvent", EVENT)
BODY = GOOD[10:]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, PoisonReason.NULL_VALUE),
        (b"", PoisonReason.BAD_MAGIC),
        (b'{"event_id": "e1"}', PoisonReason.BAD_MAGIC),
        (b"\xc3", PoisonReason.BAD_MAGIC),
        (b"\xc3\x02" + GOOD[2:], PoisonReason.BAD_MAGIC),
        (SINGLE_OBJECT + b"1234", PoisonReason.TRUNCATED),
        (CONFLUENT + b"12", PoisonReason.TRUNCATED),
        (SINGLE_OBJECT + b"12345678" + BODY, PoisonReason.UNKNOWN_SCHEMA),
        (confluent_frame(7) + BODY, PoisonReason.UNKNOWN_SCHEMA),
        (single_object_frame("TaskEvent") + BODY, PoisonReason.FOREIGN_SCHEMA),
        (GOOD[:-1], PoisonReason.TRUNCATED),
        (GOOD[:10], PoisonReason.TRUNCATED),
        (GOOD + b"\x00", PoisonReason.TRAILING_BYTES),
        (GOOD + GOOD, PoisonReason.TRAILING_BYTES),
        (GOOD + bytes(MAX_RECORD_BYTES), PoisonReason.TOO_LARGE),
        (GOOD[:10] + avro_long(1) + b"\xff" + BODY[3:], PoisonReason.MALFORMED),
    ],
)
def test_a_record_that_cannot_be_read_says_why(value: bytes | None, reason: PoisonReason) -> None:
    assert reason_of("CustomEvent", value) is reason


def test_an_unknown_registry_id_is_poison_but_a_silent_registry_is_not() -> None:
    def silent(_: int) -> dict[str, Any]:
        raise BackendUnavailable("the registry does not answer")

    assert reason_of("CustomEvent", confluent_frame(9) + BODY, decoder_for({})) is PoisonReason.UNKNOWN_SCHEMA
    with pytest.raises(BackendUnavailable):
        Decoder(silent).decode("CustomEvent", confluent_frame(9) + BODY)


def test_the_registry_is_asked_once_for_each_id() -> None:
    asked: list[int] = []

    def lookup(schema_id: int) -> dict[str, Any]:
        asked.append(schema_id)
        return latest("CustomEvent").declared

    decoder = Decoder(lookup)
    for schema_id in (7, 8, 7, 8):
        decoder.decode("CustomEvent", confluent_frame(schema_id) + BODY)
    assert asked == [7, 8]


def test_an_older_or_newer_writer_is_read_by_the_shipped_version() -> None:
    schema = custom_event_schema(("added_later", {"type": "array", "items": "string"}), ("service", "string"))
    body = custom_event_bytes(avro_long(1), avro_string("x"), avro_long(0), avro_string("shop"))
    found = decoder_for(schema).decode("CustomEvent", confluent_frame(1) + body)
    assert found.keys() == DECODER.decode("CustomEvent", GOOD).keys()
    assert (found["service"], found["attributes"]) == ("shop", {})


def test_a_symbol_newer_than_the_reader_becomes_the_default() -> None:
    newer = latest("TaskEvent").declared
    state = {"type": "enum", "name": "State", "symbols": ["paused"], "default": "paused"}
    fields = [{"name": n, "type": t} for n, t in (("event_id", "string"), ("event_name", "string"),
              ("timestamp", "long"), ("task_id", "string"), ("to_state", state))]  # fmt: skip
    body = custom_event_bytes(avro_string("42"), avro_long(0))
    found = decoder_for(newer | {"fields": fields}).decode("TaskEvent", confluent_frame(1) + body)
    assert found["to_state"] == "unknown"


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (latest("TaskEvent").declared, PoisonReason.FOREIGN_SCHEMA),
        ("string", PoisonReason.FOREIGN_SCHEMA),
        ({"type": "record", "name": "CustomEvent", "namespace": "tasker.events"}, PoisonReason.FOREIGN_SCHEMA),
        (custom_event_schema(("service", "long")), PoisonReason.FOREIGN_SCHEMA),
        (custom_event_schema(("more", {"type": "array", "items": "CustomEvent"})), PoisonReason.FOREIGN_SCHEMA),
        (custom_event_schema(("more", {"type": "array", "items": "null"})), PoisonReason.BOMB),
        (custom_event_schema(("more", {"type": "enum", "name": "E", "symbols": 7})), PoisonReason.UNKNOWN_SCHEMA),
    ],
)
def test_a_schema_that_is_not_ours_is_refused_whatever_the_registry_says(schema: Any, reason: PoisonReason) -> None:
    value = confluent_frame(1) + custom_event_bytes(avro_long(10_000_000), avro_long(0))
    assert reason_of("CustomEvent", value, decoder_for(schema)) is reason


@pytest.mark.parametrize("announced", [10_000_000, 2**62, -(2**62), -(2**63)])
def test_a_record_that_announces_more_than_it_has_costs_next_to_nothing(announced: int) -> None:
    value = single_object_frame("TaskEvent") + custom_event_bytes(
        avro_string("42"), avro_string(""), avro_long(0), avro_long(0), avro_long(announced)
    )
    tracemalloc.start()
    reason = reason_of("TaskEvent", value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reason is not None
    assert peak < 1_000_000


@pytest.mark.parametrize("record", RECORDS)
@given(body=st.binary(max_size=300))
@example(body=b"\x80" * 200)
def test_random_bytes_are_never_worse_than_poison(record: str, body: bytes) -> None:
    reason_of(record, body)
    reason_of(record, single_object_frame(record) + body)


@given(st.sampled_from(GOLDEN), st.data())
def test_mutated_records_are_never_worse_than_poison(golden: tuple[str, bytes], data: st.DataObject) -> None:
    record, value = golden
    at = data.draw(st.integers(0, len(value)))
    cut = data.draw(st.integers(0, 12))
    mutated = value[:at] + data.draw(st.binary(max_size=12)) + value[at + cut :]
    reason_of(record, mutated)


def test_every_cut_of_a_record_is_noticed() -> None:
    for record, value in GOLDEN:
        assert None not in {reason_of(record, value[:length]) for length in range(len(value))}


@pytest.mark.parametrize("older", all_schemas(), ids=lambda s: f"{s.record}.v{s.version}")
def test_records_of_every_older_version_are_completed_by_the_fast_reader(older: Schema) -> None:
    assert added_fields(older.plain, latest(older.record).plain) is not None


def test_a_list_that_an_older_record_lacks_belongs_to_one_event_alone() -> None:
    (oldest,) = (s for s in all_schemas() if (s.record, s.version) == ("TaskEvent", 1))
    task = {"event_id": "e", "event_name": "task.failed", "timestamp": 1, "task_id": "42"}
    out = io.BytesIO()
    schemaless_writer(out, oldest.plain, task)
    value = SINGLE_OBJECT + oldest.fingerprint + out.getvalue()
    first, second = (Decoder().decode("TaskEvent", value) for _ in range(2))
    first["error_chain"].append("changed")
    assert second["error_chain"] == []
    assert Decoder().decode("TaskEvent", value)["error_chain"] == []
