"""Damaged and reordered files of each format: refused with a place, or right; never half a file, never a traceback."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasker_consumers.importers import HistoryFormat
from tests.support.importers.run_import import Files, Outcome
from tests.support.scale import SCALE
from tests.unit.consumers.importers.airflow import test_dag_runs as airflow
from tests.unit.consumers.importers.openlineage import test_events as openlineage
from tests.unit.consumers.importers.tables import test_csv_table as csv_table
from tests.unit.consumers.importers.tables import test_nextflow as nextflow
from tests.unit.consumers.importers.test_damaged import ANYTHING, DOCUMENTS, places
from tests.unit.consumers.importers.traces import test_jaeger as jaeger
from tests.unit.consumers.importers.traces import test_otlp as otlp
from tests.unit.consumers.importers.xes import test_cases as xes

JSON_DOCUMENTS: dict[HistoryFormat, Any] = {
    HistoryFormat.OPENLINEAGE: openlineage.TREE,
    HistoryFormat.AIRFLOW: [airflow.RUN, airflow.listed(*airflow.INSTANCES), airflow.TASKS],
    HistoryFormat.OTLP: otlp.request(*otlp.SPANS),
    HistoryFormat.JAEGER: jaeger.ONE_TRACE,
}
CASES = [xes.PAID, xes.case("2", xes.event("pay", "11:00:00", "start"), xes.event("pay", "11:00:09", "ate_abort"))]
TEXTS = {
    HistoryFormat.XES: xes.log(*CASES),
    HistoryFormat.CSV: csv_table.TABLE,
    HistoryFormat.NEXTFLOW: nextflow.TRACE,
    HistoryFormat.OPENLINEAGE: "\n".join(map(json.dumps, openlineage.TREE)),
    HistoryFormat.OTLP: json.dumps(otlp.request(*otlp.SPANS)),
    HistoryFormat.TEMPORAL: json.dumps(DOCUMENTS[HistoryFormat.TEMPORAL]),
}
#: Lists of parts that may come in any order, and how they become a file.
IN_ANY_ORDER: dict[HistoryFormat, tuple[Sequence[Any], Callable[[Sequence[Any]], str]]] = {
    HistoryFormat.OPENLINEAGE: (openlineage.TREE, json.dumps),
    HistoryFormat.AIRFLOW: ([airflow.RUN, *airflow.INSTANCES, airflow.TASKS], json.dumps),
    HistoryFormat.OTLP: (otlp.SPANS, lambda spans: json.dumps(otlp.request(*spans))),
    HistoryFormat.JAEGER: (jaeger.SPANS, lambda spans: json.dumps({**jaeger.ONE_TRACE, "spans": spans})),
    HistoryFormat.XES: (CASES, lambda cases: xes.log(*cases)),
    HistoryFormat.CSV: (csv_table.ROWS.splitlines(), lambda rows: csv_table.HEADER + "\n".join(rows)),
    HistoryFormat.TEMPORAL: (
        DOCUMENTS[HistoryFormat.TEMPORAL]["events"], lambda events: json.dumps({"events": list(events)}),
    ),
}  # fmt: skip
many = settings(max_examples=30 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
few = settings(many, max_examples=8 * SCALE)


def check(outcome: Outcome) -> None:
    assert outcome.report.files + len(outcome.faults) == 1
    if outcome.faults:
        assert outcome.events == []
        assert all(fault.place for fault in outcome.report.faults), outcome.faults


@pytest.mark.parametrize("history_format", JSON_DOCUMENTS)
@many
@given(chosen=st.integers(min_value=0), replacement=ANYTHING)
def test_a_document_with_another_value_somewhere_is_imported_or_refused(
    files: Files, history_format: HistoryFormat, chosen: int, replacement: Any
) -> None:
    document = json.loads(json.dumps(JSON_DOCUMENTS[history_format]))
    replacers = list(places(document))
    replacers[chosen % len(replacers)](replacement)
    check(files.run(json.dumps(document), history_format=history_format))


@pytest.mark.parametrize("history_format", TEXTS)
@many
@given(start=st.integers(min_value=0), length=st.integers(0, 30), text=st.text(max_size=8), twice=st.booleans())
def test_a_text_with_other_characters_somewhere_is_imported_or_refused(
    files: Files, history_format: HistoryFormat, start: int, length: int, text: str, twice: bool
) -> None:
    whole = TEXTS[history_format]
    start %= len(whole)
    inserted = whole[start : start + length] if twice else text
    damaged = whole[:start] + inserted + whole[start if twice else start + length :]
    check(files.run(damaged.encode("utf-8", "surrogatepass"), history_format=history_format))


@pytest.mark.parametrize("history_format", TEXTS)
@few
@given(share=st.floats(0.01, 0.99))
def test_a_text_that_ends_somewhere_is_imported_or_refused(
    files: Files, history_format: HistoryFormat, share: float
) -> None:
    whole = TEXTS[history_format]
    check(files.run(whole[: max(1, int(share * len(whole)))], history_format=history_format))


@pytest.mark.parametrize("history_format", IN_ANY_ORDER)
@few
@given(data=st.data())
def test_parts_in_another_order_give_the_same_numbers(
    files: Files, history_format: HistoryFormat, data: st.DataObject
) -> None:
    parts, join = IN_ANY_ORDER[history_format]
    plain = files.run(join(parts), history_format=history_format)
    shuffled = files.run(join(data.draw(st.permutations(parts))), history_format=history_format)
    assert plain.faults == shuffled.faults == []
    assert shuffled.stats() == plain.stats()
    assert shuffled.edges() == plain.edges()
