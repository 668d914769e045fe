"""Real histories through Kafka and both groups: `tasker trace --json` shows what they make, and a file brings it back.

`TEST_SCALE=100` takes all files of the shared data, the smallest first.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.importers import import_files
from tasker_consumers.stats.reading.progress import OPEN
from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.sanitize import SpanSanitizer
from tasker_consumers.telemetry.spans.span import span_from_json
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.command_line import run_main
from tests.support.importers import oracles
from tests.support.importers.real_records import FILES
from tests.support.kafka.topics import delete_topics
from tests.support.processes import LIMIT_S, eventually, reached
from tests.support.scale import SCALE
from tests.support.stats.arena import StatsArena
from tests.support.telemetry.arena import TelemetryArena, otlp_variables
from tests.support.telemetry.otlp import OtlpReceiver, otlp

__all__ = ["otlp"]  # a fixture
pytestmark = pytest.mark.timeout(600 + 60 * SCALE)

#: Files of each format.
CHOSEN = SCALE
Documents = Mapping[str, dict[str, Any]]


@pytest.fixture
def variables(kafka: KafkaSource, topic_prefix: str) -> dict[str, str]:
    """The environment of a command."""
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}


@contextmanager
def groups(variables: Mapping[str, str], directory: Path, otlp: OtlpReceiver) -> Iterator[StatsArena]:
    """Fresh topics, and a worker of each group; yields the topics."""
    directory.mkdir()
    place = (variables["KAFKA_BOOTSTRAP_SERVERS"], variables["TASKER_TOPIC_PREFIX"], directory)
    arena = StatsArena(*place)
    with arena.worker(), TelemetryArena(*place, is_new=False).worker(otlp_variables(otlp.http), "spans"):
        yield arena


def import_real_files(arena: StatsArena) -> list[str]:
    """Import files of each format; return the ids of their tasks."""
    ids: list[str] = []
    settings = ProducerSettings(kafka=arena.kafka, topic_prefix=arena.prefix)
    with EventPublisher(settings, presume=False) as publisher:
        for history_format, folder in FILES.items():
            files = sorted(oracles.real_files(*folder), key=lambda path: path.stat().st_size)[:CHOSEN]
            ids += import_files(history_format, files, publisher).task_ids
    return list(dict.fromkeys(ids))


def wire_spans(documents: Documents) -> dict[str, WireSpan]:
    """Return the spans of documents as a backend gets them, by id."""
    sanitizer = SpanSanitizer.from_env({})
    spans = [sanitizer.sanitize(span_from_json(span)) for document in documents.values() for span in document["spans"]]
    requests = [ExportTraceServiceRequest.FromString(body) for body, _ in OtlpEncoder({}, "1").requests(spans)]
    return {
        span.span_id.hex(): span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }


def assert_made_by_the_groups(documents: Documents, arena: StatsArena, otlp: OtlpReceiver) -> None:
    """Wait until both groups made these statistics and these spans; of a task or step that is not over spans wait."""
    spans = wire_spans(documents)
    over = {task_id: document for task_id, document in documents.items() if document["tasks"][0]["status"] not in OPEN}
    ended = {span_id for span_id, span in wire_spans(over).items() if status_of(span) not in OPEN}
    assert reached(lambda: len(arena.stats()), len(documents))
    arena.wait_for({task["task_id"]: task for document in documents.values() for task in document["tasks"]}, LIMIT_S)
    assert reached(lambda: len(ended & otlp.latest().keys()), len(ended)), missing(ended, spans, otlp)
    latest = otlp.latest()
    assert latest == {span_id: spans[span_id] for span_id in latest}
    assert otlp.faults == []


def status_of(span: WireSpan) -> str:
    """Return the status that a span tells of its task or step."""
    return next((each.value.string_value for each in span.attributes if each.key == "status"), "")


def missing(ended: Iterable[str], spans: Mapping[str, WireSpan], otlp: OtlpReceiver) -> str:
    """Return the spans that did not come."""
    return "\n".join(str(spans[span_id]) for span_id in set(ended) - otlp.latest().keys())


def wipe(admin: AdminClient, prefix: str) -> None:
    """Delete all topics and groups of a prefix."""
    assert eventually(lambda: forget_groups(admin, prefix))
    delete_topics(admin, [name for name in admin.list_topics(timeout=LIMIT_S).topics if name.startswith(prefix)])


def forget_groups(admin: AdminClient, prefix: str) -> bool:
    """Delete the groups of a prefix; return False while one of them has a member that has just left."""
    listed = [group.group_id for group in admin.list_consumer_groups().result(LIMIT_S).valid]
    names = [name for name in listed if name.startswith(prefix)]
    try:
        for deleted in (admin.delete_consumer_groups(names) if names else {}).values():
            deleted.result(LIMIT_S)
    except KafkaException:
        return False
    return True


def test_traces_are_those_of_the_groups_and_a_file_brings_all_of_it_back(
    variables: dict[str, str], admin: AdminClient, otlp: OtlpReceiver, tmp_path: Path
) -> None:
    file = tmp_path / "runs.avro"

    def documents(*source: str) -> Documents:
        return {
            task_id: json.loads(run_main("trace", task_id, "--json", "--alone", *source, **variables).out)
            for task_id in ids
        }

    with groups(variables, tmp_path / "live", otlp) as arena:
        ids = import_real_files(arena)
        live = documents()
        assert_made_by_the_groups(live, arena, otlp)
    assert run_main("replay", "--to-file", str(file), **variables).code == 0
    wipe(admin, variables["TASKER_TOPIC_PREFIX"])
    otlp.spans.clear()
    with groups(variables, tmp_path / "again", otlp) as arena:
        ended = run_main("replay", "--from-file", str(file), "--in-place", "--allow-live", "--yes", **variables)
        assert ended.code == 0, ended.err
        assert_made_by_the_groups(live, arena, otlp)
    assert documents("--from-file", str(file)) == live
