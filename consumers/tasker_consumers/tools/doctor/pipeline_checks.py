"""Whether the publisher makes events, and their subscriber understands them: two of Tasker's debug checks.

They need no broker: a sample task is published into memory, and its events are folded into spans.
"""

from collections.abc import Iterator, Mapping

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_producer import ProducerSettings
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import Decoder

_SPANS = 3  # of a task with a step: task, step, and the mark of its end


def check_pipeline(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether the publisher makes events of a sample task, and whether both folds understand them."""
    settings = ProducerSettings.from_env(environ)
    publisher = RecordingPublisher(settings)
    with publisher.task("doctor_sample", task_id="doctor-sample") as task, task.step("look"):
        pass
    masks = "secrets are masked" if settings.filter_parameters else "no secret is masked"
    yield Finding(
        "publisher", Verdict.OK, f"service {settings.service_name}, {len(publisher.events)} events made; {masks}"
    )
    records = [
        StoredRecord(
            topic=event.topic,
            partition=0,
            offset=offset,
            timestamp=None,
            key=event.key.encode(),
            value=event.value,
            headers=tuple(event.headers),
        )
        for offset, event in enumerate(publisher.events)
    ]
    spans = spans_of(records)
    payloads = [decode(record, Decoder()) for record in records]
    [stats] = recompute(payloads, [record.headers for record in records]).values()
    detail = f"the sample task is {len(spans)} spans and {stats['completed_steps']} complete step"
    is_right = len(spans) == _SPANS and stats["status"] == "complete"
    remedy = "" if is_right else "install tasker-events again"
    yield Finding("subscriber", Verdict.OK if is_right else Verdict.FAILED, detail, remedy)
