"""Projections: what they answer for is right, and what the whole record says; of everything else they say nothing."""

from __future__ import annotations

import io
import json
from random import Random
from typing import Any

import pytest
from fastavro import schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.fold import FAMILIES, FOLDED_FIELDS, fold
from tasker_consumers.stats.core.storage import dump
from tasker_consumers.stats.task_states import open_decoder
from tasker_schemas.avro.codec import SINGLE_OBJECT, Decoder, confluent_frame, encode
from tasker_schemas.avro.projection import Limits, Projection, projecting_reader
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, Schema, all_schemas, latest
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.event_check import check_record, fits
from tests.support.native.fuzz import damaged
from tests.support.scale import SCALE
from tests.support.schemas.golden_examples import GoldenExample
from tests.support.schemas.random_records import random_value

pytest.importorskip("tasker_schemas.avro._projection_c", reason="installed without a C compiler: nothing is projected")

FAMILY_OF = {RECORD_OF_FAMILY[family]: str(family) for family in FAMILIES}
VERSIONS = [schema for schema in all_schemas() if schema.record in FAMILY_OF]


def usual_event(schema: Schema) -> dict[str, Any]:
    """Return the golden example of a version, named as an event of its family, and without a chain of errors."""
    event: dict[str, Any] = json.loads(GoldenExample(schema).expected_file.read_text())
    event["event_name"] = f"{FAMILY_OF[schema.record]}.completed"
    return {name: [] if name == "error_chain" else value for name, value in event.items()}


def bytes_of(schema: Schema, event: dict[str, Any]) -> bytes:
    """Return a record of any version."""
    out = io.BytesIO(SINGLE_OBJECT + schema.fingerprint)
    out.seek(0, io.SEEK_END)
    schemaless_writer(out, schema.plain, event)
    return out.getvalue()


USUAL = [(schema.record, bytes_of(schema, usual_event(schema))) for schema in VERSIONS]
PROJECTING = open_decoder()
WHOLE = Decoder()


def projected(record: str, value: bytes) -> tuple[dict[str, Any], bytes] | None:
    """Return what a projection answers for, with the key that it has to lie under."""
    event = PROJECTING.project(record, value)
    if event is None:
        return None
    key = event["task_id"].encode(errors="surrogatepass")
    return (event, key) if fits(event, key, FAMILY_OF[record]) else None


def assert_is_right(record: str, value: bytes) -> bool:
    """Compare with the whole record, which has to be right; return whether the projection answered."""
    answer = projected(record, value)
    if answer is None:
        return False
    event, key = answer
    whole = WHOLE.decode(record, value)
    check_record(whole, key, FAMILY_OF[record])
    # As text: a damaged attribute may be no number, which is unlike itself.
    assert repr(event) == repr({name: whole[name] for name in event})
    assert event.keys() == FOLDED_FIELDS & whole.keys()
    assert dump(key, fold(None, event)) == dump(key, fold(None, whole))
    return True


@pytest.mark.parametrize(("record", "value"), USUAL)
def test_a_usual_event_of_every_version_is_projected(record: str, value: bytes) -> None:
    assert assert_is_right(record, value)


@given(st.sampled_from(USUAL), st.integers(0, 2**32))
def test_what_is_projected_of_damaged_bytes_is_a_right_event(usual: tuple[str, bytes], seed: int) -> None:
    record, value = usual
    assert_is_right(record, value[:10] + damaged(value[10:], Random(seed)))


def test_what_is_projected_of_random_events_is_a_right_event_and_no_right_event_is_lost() -> None:
    random, projected_events = Random(7), 0
    for _ in range(3_000 * SCALE):
        schema = random.choice(VERSIONS)
        drawn = random_value(schema.plain, random)
        # Where all is drawn, hardly any event is right.
        some = random.sample(sorted(drawn), random.choice([1, 3, len(drawn)]))
        record, value = schema.record, bytes_of(schema, {**usual_event(schema), **{name: drawn[name] for name in some}})
        is_projected = assert_is_right(record, value)
        projected_events += is_projected
        if not is_projected:
            assert_is_refused_or_doubtful(record, value)
    assert 300 * SCALE < projected_events < 3_000 * SCALE


def assert_is_refused_or_doubtful(record: str, value: bytes) -> None:
    """An event that is not projected is wrong, or has a list whose items may be too long."""
    whole = WHOLE.decode(record, value)
    try:
        check_record(whole, whole["task_id"].encode(errors="surrogatepass"), FAMILY_OF[record])
    except PoisonRecord:
        return
    texts = [text for items in whole.values() if isinstance(items, list) for text in items]
    assert any(not isinstance(text, str) or len(text) > 250 for text in texts)


def test_records_with_a_registrys_id_are_projected_once_it_is_known() -> None:
    record, value = USUAL[0]
    decoder = open_decoder({7: latest(record).declared}.__getitem__)
    framed = confluent_frame(7) + encode(record, WHOLE.decode(record, value))[10:]
    assert decoder.project(record, framed) is None
    whole = decoder.decode(record, framed)
    assert decoder.project(record, framed) == {name: whole[name] for name in FOLDED_FIELDS & whole.keys()}


@pytest.mark.parametrize("value", [None, b"", b"\x00", b"\xc3\x01", b"{}", USUAL[0][1] + b"\x00", b"x" * (1 << 21)])
def test_of_other_bytes_nothing_is_said(value: bytes | None) -> None:
    assert PROJECTING.project(USUAL[0][0], value) is None


def test_a_wanted_list_that_a_version_does_not_have_is_shared_by_no_two_records() -> None:
    versions = [schema for schema in VERSIONS if schema.record == "StepEvent"]
    added = {f["name"] for f in versions[-1].plain["fields"]} - {f["name"] for f in versions[0].plain["fields"]}
    lists = {f["name"] for f in versions[-1].plain["fields"] if f.get("default") == []} & added
    assert lists
    limits = {f["name"]: Limits() for f in versions[-1].plain["fields"]}
    projection = Projection(frozenset(lists), limits)
    assert projecting_reader(versions[0].fingerprint, projection) is None
    assert projecting_reader(versions[-1].fingerprint, projection) is not None
