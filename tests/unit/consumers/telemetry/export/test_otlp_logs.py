"""Our OTLP bytes of log records, read back with OpenTelemetry's own classes, field by field."""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs

from tasker_consumers.telemetry.export.otlp.log_encoder import OtlpLogEncoder, encode_log_record
from tasker_consumers.telemetry.logs.record import LogRecord
from tests.support.telemetry.wire_spans import attributes_of, record_of
from tests.support.telemetry.wire_values import attribute_maps, counts, span_ids, texts, times, trace_ids

records = st.builds(
    LogRecord,
    trace_id=trace_ids | st.just(""),
    span_id=span_ids | st.just(""),
    time=times,
    observed=times,
    severity=st.integers(0, 24),
    event_name=texts,
    body=texts,
    attributes=attribute_maps,
    service=st.sampled_from(["", "shop", "bank"]),
    version=st.just(""),
    flags=st.integers(0, 255),
    dropped_attributes=counts,
)


@given(records)
def test_a_log_record_in_bytes_reads_back_as_it_was(record: LogRecord) -> None:
    (wire,) = ScopeLogs.FromString(encode_log_record(record)).log_records
    assert repr(record_of(wire, record.service)) == repr(record)


@given(st.lists(records, max_size=8), st.integers(1, 2000))
def test_requests_of_any_size_hold_all_records_by_their_service(some: list[LogRecord], limit: int) -> None:
    encoder = OtlpLogEncoder({"service.name": "tasker"}, "7")
    found = []
    for request, within in encoder.requests(some, limit):
        parsed = ExportLogsServiceRequest.FromString(request)
        assert ExportLogsServiceRequest.FromString(parsed.SerializeToString()) == parsed
        contents = [
            record_of(wire, "" if (name := attributes_of(r.resource)["service.name"]) == "tasker" else name)
            for r in parsed.resource_logs
            for wire in r.scope_logs[0].log_records
        ]
        assert sorted(map(repr, contents)) == sorted(map(repr, within))
        found += contents
    assert sorted(map(repr, found)) == sorted(map(repr, some))
