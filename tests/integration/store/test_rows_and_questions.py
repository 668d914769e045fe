"""What a store holds after its batches, the same in SQLite and in PostgreSQL."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Partition
from tasker_consumers.store.core.retention import Retention
from tasker_consumers.store.database import open_database
from tasker_consumers.store.maintenance import empty, forget_positions, make_days_ahead, miscounted, prune, row_counts
from tasker_consumers.store.migrations.migrate import check_schema, migrate
from tasker_consumers.store.reading import attempts, letters, tasks
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_consumers.store.writing.writer import StoreWriter
from tasker_consumers.units import DAY_US, HOUR_US
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tests.support.store.postgres import PostgresCluster
from tests.support.store.rows import (
    IDS,
    NOW,
    batch_of,
    failed_step,
    letter,
    run_of,
    stats,
)  # fmt: skip


def test_the_migrated_schema_is_that_of_the_tables(empty_url: str) -> None:
    engine = open_database(empty_url)
    with pytest.raises(ConfigurationError, match="tasker store migrate"):
        check_schema(engine)
    assert migrate(engine) == ["0001", "0002", "0003", "0004"]
    assert migrate(engine) == []
    check_schema(engine)

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name in tables.metadata.tables

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_a_run_is_answered_as_it_happened(writer: StoreWriter, reader: StoreReader) -> None:
    writer.write(run_of("order-1"), IDS)
    found = attempts.task_attempts(reader, "order-1")
    assert [(row["step_name"], row["attempt_number"], row["state"]) for row in found] == [
        ("fetch", 1, "complete"),
        ("charge", 1, "error"),
        ("charge", 2, "complete"),
    ]
    (failure,) = attempts.task_failures(reader, "order-1")
    assert (failure["error_class"], failure["attempt_number"], failure["retry_limit"]) == ("shop.Declined", 1, 3)
    assert failure["backtrace"] == ["/srv/shop/payment.py:45 in charge"]
    assert failure["error_message"] == "card ␀ declined"
    assert (failure["topic"], failure["partition"]) == ("t.events.step", 0)
    assert attempts.task_payloads(reader, "order-1", "charge", 1)["step_inputs"] == '{"amount":7}'
    assert [event["attributes"] for event in attempts.task_events(reader, "order-1")] == [{"amount": 7}]
    assert [len(row) for row in attempts.grid(reader, ["order-1", "absent"]).values()] == [3, 0]


def test_positions_only_go_on_but_for_a_topic_that_was_made_anew(writer: StoreWriter) -> None:
    step = Partition("t.events.step", 0)
    for offset in (4, 9, 2):
        part = batch_of()
        part.advance(*step, offset)
        writer.write(part, IDS)
    assert writer.positions()[step] == ("id of step", 10)
    part = batch_of()
    part.advance(*step, 1)
    writer.write(part, {**IDS, "t.events.step": "another"})
    assert writer.positions()[step] == ("another", 2)


def test_a_store_of_the_first_version_gets_its_counts_by_day(writer: StoreWriter, store_url: str) -> None:
    hours = [NOW, NOW - HOUR_US, NOW - DAY_US]
    writer.write(batch_of(*(failed_step(f"t{at}", at=at) for at in hours)), IDS)
    engine = open_database(store_url)
    with engine.begin() as connection:
        days = connection.execute(select(tables.error_days).order_by(tables.error_days.c.day)).all()
        _drop_waiting(connection)
        connection.exec_driver_sql("DROP TABLE error_days")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert migrate(engine) == ["0002", "0003", "0004"]
    with engine.connect() as connection:
        assert connection.execute(select(tables.error_days).order_by(tables.error_days.c.day)).all() == days
    engine.dispose()
    assert [day._mapping["count"] for day in days] == [1, 2]


def test_a_store_of_the_third_version_keeps_its_tasks_which_wait_for_nothing(
    writer: StoreWriter, reader: StoreReader, store_url: str
) -> None:
    writer.write(batch_of(stats("t1", 2, status="in_progress", waiting_for="approval"), stats("t2", 2)), IDS)
    engine = open_database(store_url)
    with engine.begin() as connection:
        _drop_waiting(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    with pytest.raises(ConfigurationError, match="tasker store migrate"):
        check_schema(engine)
    assert migrate(engine) == ["0004"]
    engine.dispose()
    assert [(row["task_id"], row["waiting_for"]) for row in tasks.list_tasks(reader)] == [("t2", None), ("t1", None)]
    writer.write(batch_of(stats("t1", 4, status="in_progress", waiting_for="timer", waiting_since=NOW)), IDS)
    assert _waiting(reader) == [("t1", "timer", NOW)]


def _drop_waiting(connection: Connection) -> None:
    """Take the database back to the schema before tasks that wait."""
    connection.exec_driver_sql("DROP INDEX task_stats_that_wait")
    for column in ("waiting_for", "waiting_since", "waiting_until", "waiting_step"):
        connection.exec_driver_sql(f"ALTER TABLE task_stats DROP COLUMN {column}")


def _waiting(reader: StoreReader) -> list[tuple[str, str, int]]:
    rows = tasks.list_tasks(reader, tasks.TaskFilter(status="waiting"))
    return [(row["task_id"], row["waiting_for"], row["waiting_since"]) for row in rows]


def test_tasks_that_wait_are_listed_until_they_go_on(writer: StoreWriter, reader: StoreReader) -> None:
    wait: dict[str, Any] = {"waiting_for": "approval\0", "waiting_since": NOW}
    writer.write(batch_of(stats("t1", 4, status="pending", **wait), stats("t2", 5, status="abandoned", **wait)), IDS)
    assert _waiting(reader) == [("t1", "approval␀", NOW)]
    writer.write(batch_of(stats("t1", 6, status="in_progress")), IDS)
    assert _waiting(reader) == []


def test_lists_go_on_by_page_and_find_tasks_by_any_id(writer: StoreWriter, reader: StoreReader) -> None:
    writer.write(batch_of(*(stats(f"t{number}", 2, last=NOW + number // 2) for number in range(7))), IDS)
    writer.write(run_of("order-1"), IDS)
    seen, after = list[str](), None
    while True:
        page = tasks.list_tasks(reader, last_row=after, limit=3)
        seen += [row["task_id"] for row in page]
        after = tasks.next_page(page, 3)
        if after is None:
            break
    assert seen == ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]
    assert tasks.find_tasks(reader, "t4") == ["t4"]
    assert tasks.find_tasks(reader, "trace of t4") == ["t4"]
    assert tasks.find_tasks(reader, "request-9") == ["order-1"]
    only = tasks.TaskFilter(status="complete", name="order", since=NOW + 2, until=NOW + 3)
    assert [row["task_id"] for row in tasks.list_tasks(reader, only)] == ["t5", "t4"]


def test_dead_letters_are_counted_by_reason(writer: StoreWriter, reader: StoreReader) -> None:
    writer.write(batch_of(letter(0), letter(1), letter(2, b"bad_magic: zz")), IDS)
    assert [(row["reason"], row["count"]) for row in letters.letter_counts(reader, 0)] == [
        ("malformed", 2),
        ("bad_magic", 1),
    ]
    assert letters.newest_letters(reader, group="stats", limit=1)[0]["record_key"] == "order-2"
    assert letters.newest_letters(reader, group="telemetry") == []


def test_retention_removes_days_and_payloads_and_a_replay_does_not_bring_them_back(
    writer: StoreWriter, reader: StoreReader
) -> None:
    old, mid = NOW - 20 * DAY_US, NOW - 3 * DAY_US
    writer.write(run_of("old", old), IDS)
    writer.write(run_of("mid", mid), IDS)
    writer.write(run_of("young"), IDS)
    retention = Retention(days=10, payload_days=2)
    prune(reader.engine, retention, NOW)
    assert [len(attempts.task_attempts(reader, name)) for name in ("old", "mid", "young")] == [0, 3, 3]
    assert attempts.task_payloads(reader, "mid")["context"] is None
    assert attempts.task_payloads(reader, "young")["context"] is not None
    assert miscounted(reader.engine, 0) == []
    replayed = run_of("old", old)
    retention.drop_expired(replayed, NOW)
    assert len(replayed) == len(replayed.error_groups)
    writer.write(run_of("late", old), IDS)  # a day without a partition any more
    assert prune(reader.engine, retention, NOW).days + prune(reader.engine, retention, NOW).rows >= 0
    assert attempts.task_attempts(reader, "late") == []


def test_a_group_reads_anew_without_its_positions_and_keeps_its_rows(writer: StoreWriter, reader: StoreReader) -> None:
    writer.write(run_of("order-1"), IDS)
    forget_positions(reader.engine)
    assert writer.positions() == {}
    assert len(attempts.task_attempts(reader, "order-1")) == 3
    empty(reader.engine)
    assert attempts.task_attempts(reader, "order-1") == []
    assert set(row_counts(reader.engine)) == set(tables.metadata.tables)


@pytest.mark.parametrize("odd", ["a clock ahead", "an id of no time", "before 1970"])
def test_events_of_odd_times_are_kept(writer: StoreWriter, reader: StoreReader, odd: str) -> None:
    times = {"a clock ahead": NOW + 40 * DAY_US, "an id of no time": NOW, "before 1970": 0}
    step = failed_step("t1", at=times[odd], event_id="any id" if odd == "an id of no time" else None)
    assert writer.write(batch_of(step), IDS) > 0
    assert writer.write(batch_of(step), IDS) == 0
    assert len(attempts.task_failures(reader, "t1")) == 1


def test_a_worker_that_may_make_no_table_stores_all_the_same(postgres: PostgresCluster) -> None:
    url = postgres.make_database(f"t{uuid4().hex}")
    owner = open_database(url)
    migrate(owner)
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS clerk")
        connection.exec_driver_sql("CREATE ROLE clerk LOGIN")
        connection.exec_driver_sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
    clerk = open_database(url.replace("tasker@", "clerk@"))
    writer = open_writer(clerk)
    at = NOW + DAY_US  # one of the days ahead, also when midnight has passed since these tests were read
    assert writer.write(run_of("order-1", at), IDS) > 0
    make_days_ahead(owner)  # which moves the rows that wait in the default partition
    assert writer.write(run_of("order-1", at), IDS) == 0
    assert writer.write(run_of("order-2", at), IDS) > 0
    reader = StoreReader(clerk)
    assert [len(attempts.task_attempts(reader, name)) for name in ("order-1", "order-2")] == [3, 3]
    with owner.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM step_attempts_default").scalar_one() == 0
        connection.exec_driver_sql("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM clerk")
    writer.close()
    clerk.dispose()
    owner.dispose()


def test_a_question_that_takes_too_long_is_ended(store_url: str) -> None:
    endless = (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT max(n) AS n FROM numbers"
    )
    reader = StoreReader.open(store_url, statement_s=0.2)
    with pytest.raises(BackendUnavailable, match=r"took too long|statement timeout"):
        reader.all(select(text("n")).select_from(text(f"({endless}) AS endless")))
    assert reader.first(select(text("7 AS n"))) == {"n": 7}
    reader.close()
