"""Our own clients never trace themselves, and the service's instrumentations go on working."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import LIMIT_S

SERVICE = """
    import json, os
    from opentelemetry import trace
    from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor
    from opentelemetry.instrumentation.urllib import URLLibInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    seen = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    trace.set_tracer_provider(provider)
    ConfluentKafkaInstrumentor().instrument()
    URLLibInstrumentor().instrument()

    import confluent_kafka
    from tasker_producer import EventPublisher

    with EventPublisher() as publisher, publisher.task("order", task_id=1) as task, task.step("pay") as step:
        with trace.get_tracer("service").start_as_current_span("charge"):
            own = confluent_kafka.Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
            own.produce(os.environ["OWN_TOPIC"], b"value")
            own.flush(30)
        attempt = step.trace.span
    spans = [(s.name, f"{s.context.trace_id:032x}", f"{s.parent.span_id:016x}") for s in seen.get_finished_spans()]
    print(json.dumps({"spans": spans, "trace": attempt.trace_id, "step": attempt.span_id}))
"""


def test_only_the_services_own_work_is_traced_and_below_our_step(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    pytest.importorskip("opentelemetry.instrumentation.confluent_kafka")
    pytest.importorskip("opentelemetry.instrumentation.urllib")
    create_event_topics(admin, topic_prefix)
    own_topic = f"{topic_prefix}.events.custom"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TASKER_TOPIC_PREFIX": topic_prefix,
        "TASKER_SPOOL_DIR": str(tmp_path),
        "SCHEMA_REGISTRY_URL": "http://127.0.0.1:9",
        "OWN_TOPIC": own_topic,
    }
    command = [sys.executable, "-c", textwrap.dedent(SERVICE)]
    ended = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert sorted(name for name, _, _ in told["spans"]) == sorted(["charge", f"{own_topic} send"])
    assert {trace for _, trace, _ in told["spans"]} == {told["trace"]}
    assert told["step"] in {parent for _, _, parent in told["spans"]}
    assert len(read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.step", 2)) == 2
