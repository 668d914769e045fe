"""What comes twice, in parts or in another order makes the same rows, in SQLite and in PostgreSQL."""

from tasker_consumers.store.maintenance import empty, miscounted
from tasker_consumers.store.reading import attempts, tasks
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.writer import StoreWriter
from tasker_schemas.names import Family
from tests.support.store.rows import IDS, adding, batch_of, event, failed_step, letter, stats
from tests.support.store.snapshot import snapshot


def test_redelivery_and_replay_change_nothing(writer: StoreWriter, reader: StoreReader) -> None:
    batch = batch_of(failed_step("t1"), failed_step("t2"), stats("t1", 4), letter(0))
    assert writer.write(batch, IDS) > 0
    before = snapshot(reader.engine)
    assert writer.write(batch, IDS) == 0
    assert writer.write(batch_of(failed_step("t2")), IDS) == 0
    assert snapshot(reader.engine) == before
    assert miscounted(reader.engine, 0) == []


def test_the_first_record_of_an_event_holds_wherever_a_batch_ends(writer: StoreWriter, reader: StoreReader) -> None:
    paid = event(Family.CUSTOM, "order.paid", "t1", attributes={"amount": 7})
    sent_twice = [
        *(adding(Family.CUSTOM, paid, offset) for offset in (4, 5)),
        *(failed_step("t1", offset=n) for n in (6, 7)),
    ]
    for addition in sent_twice:
        writer.write(batch_of(addition), IDS)
    apart = snapshot(reader.engine)
    empty(reader.engine)
    writer.write(batch_of(*sent_twice), IDS)
    assert snapshot(reader.engine) == apart
    assert [failure["offset"] for failure in attempts.task_failures(reader, "t1")] == [6]


def test_batches_in_any_order_make_the_same_rows(writer: StoreWriter, reader: StoreReader) -> None:
    parts = [batch_of(failed_step("t1"), stats("t1", 2)), batch_of(stats("t1", 6)), batch_of(stats("t1", 4), letter(1))]
    for part in parts:
        writer.write(part, IDS)
    forwards = snapshot(reader.engine)
    empty(reader.engine)
    for part in reversed(parts):
        writer.write(part, IDS)
    assert snapshot(reader.engine) == forwards
    found = tasks.task(reader, "t1")
    assert found is not None
    assert found["revision"] == 6
