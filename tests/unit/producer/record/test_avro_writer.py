"""The fast writer writes what fastavro writes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.masking.masker import Masker
from tasker_producer.record.avro_writer import RecordWriter, field_writers
from tasker_producer.record.fields import Conversion, FieldConverters
from tasker_producer.record.misuse import Misuse
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.names import Family

LONGS = st.integers(-(1 << 63), (1 << 63) - 1)
QUICK_FIELDS = {"step_name", "error_message", "retry_limit", "started_at", "execution_duration"}
OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=30) | st.text(min_size=1, max_size=3).map(lambda text: (text * 1200)[:1150]),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": LONGS | st.integers(1 << 47, 1 << 56),  # the present, too
    "double": st.floats(allow_nan=False),
    "array": st.lists(st.text(max_size=5)),
    "map": st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | LONGS | st.floats() | st.text(max_size=5)),
    "enum": st.just("pending"),
    "tasker.events.State": st.just("complete"),
}
LINKS = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(("relation", "error_class", "error_message"), OF_TYPE["string"])
        | {"backtrace": OF_TYPE["array"], "depth": OF_TYPE["int"]}
    ),
    max_size=3,
)


def values_of(record: str) -> st.SearchStrategy[dict[str, Any]]:
    given_fields: dict[str, st.SearchStrategy[Any]] = {}
    other_fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in latest(record).plain["fields"]:
        kind = field["type"][1] if isinstance(field["type"], list) else field["type"]
        name = kind if isinstance(kind, str) else kind["type"]
        values = OF_TYPE[name if isinstance(name, str) else name["type"]]
        if field["name"] == "error_chain":
            values = LINKS
        (other_fields if "default" in field else given_fields)[field["name"]] = values
    return st.fixed_dictionaries(given_fields, optional=other_fields)


@pytest.mark.parametrize("record", sorted(RECORD_OF_FAMILY.values()))
@given(data=st.data())
def test_any_record_has_the_bytes_that_fastavro_gives_it(record: str, data: st.DataObject) -> None:
    values = data.draw(values_of(record))
    assert RecordWriter(record).encode(values) == encode(record, values)


def test_constants_are_written_unless_a_value_is_given() -> None:
    constants = {"event_name": "order.paid", "event_type": "custom", "service": "shop"}
    writer = RecordWriter("CustomEvent", constants)
    given_values = {"event_id": "e", "timestamp": 1, "event_type": "paid"}
    assert writer.encode(given_values) == encode("CustomEvent", {**constants, **given_values})


@given(values=st.dictionaries(st.sampled_from(sorted(QUICK_FIELDS)), st.text() | LONGS | st.floats() | st.none()))
def test_quick_values_have_the_bytes_of_the_long_way(values: dict[str, Any]) -> None:
    masker = Masker()
    writer = RecordWriter("StepEvent")
    converters = FieldConverters(masker)
    for name, field in field_writers(Family.STEP, writer, converters).items():
        value = values.get(name)
        if value is not None and (written := field.quick(value)) is not None:
            plain = converters.value(Family.STEP, name, value, Conversion(Misuse(strict=True)))
            assert written == field.write(plain)
            assert field.position == writer.fields[name][0]
