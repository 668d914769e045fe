"""The formats of histories: their readers, and how a format is found by a file's content."""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from tasker_consumers.importers import airflow, github, openlineage, tables, temporal, traces, wfcommons, xes
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.options import Note, ReadOptions
from tasker_consumers.importers.sources import Content


class HistoryFormat(StrEnum):
    """The formats of files that can be imported."""

    WFCOMMONS = "wfcommons"  # WfFormat 1.3 to 1.5
    TEMPORAL = "temporal"  # event histories as JSON
    GITHUB_ACTIONS = "github-actions"  # answers of GitHub's API: a recording, or JSON
    OPENLINEAGE = "openlineage"  # run events, as a list or on lines
    AIRFLOW = "airflow"  # DAG runs and task instances, as the API answers them
    OTLP = "otlp"  # OTLP/JSON
    JAEGER = "jaeger"  # traces as Jaeger's UI and API have them
    XES = "xes"  # event logs (IEEE 1849)
    NEXTFLOW = "nextflow"  # trace.txt
    CSV = "csv"  # any table with a step on each line


Reader = Callable[[Content, ReadOptions, Note], Iterable[ImportedEvent]]

_READERS: Mapping[HistoryFormat, Reader] = {
    HistoryFormat.WFCOMMONS: lambda content, _, __: wfcommons.read(content.read(), content.name),
    HistoryFormat.TEMPORAL: lambda content, _, note: temporal.read(content.read(), content.name, note),
    HistoryFormat.GITHUB_ACTIONS: lambda content, _, note: github.read(content.read(), content.name, note),
    HistoryFormat.OPENLINEAGE: lambda content, _, __: openlineage.read(content),
    HistoryFormat.AIRFLOW: lambda content, _, __: airflow.read(content.read(), content.name),
    HistoryFormat.OTLP: lambda content, _, __: traces.read_otlp(content),
    HistoryFormat.JAEGER: lambda content, _, __: traces.read_jaeger(content),
    HistoryFormat.XES: lambda content, _, __: xes.read(content),
    HistoryFormat.NEXTFLOW: lambda content, options, _: tables.read_nextflow(content, options),
    HistoryFormat.CSV: tables.read_csv,
}

#: The members that tell a JSON format: of the first set that a file has completely, the format.
_MEMBERS: tuple[tuple[HistoryFormat, tuple[str, ...]], ...] = (
    (HistoryFormat.OTLP, ("resourceSpans",)),
    (HistoryFormat.OTLP, ("resource_spans",)),
    (HistoryFormat.OTLP, ("scopeSpans",)),
    (HistoryFormat.JAEGER, ("traceID", "spans")),
    (HistoryFormat.TEMPORAL, ("eventType", "eventId")),
    (HistoryFormat.TEMPORAL, ("event_type", "event_id")),
    (HistoryFormat.OPENLINEAGE, ("eventTime", "run", "job")),
    (HistoryFormat.WFCOMMONS, ("schemaVersion", "workflow")),
    (HistoryFormat.AIRFLOW, ("dag_run_id",)),
    (HistoryFormat.AIRFLOW, ("dag_id", "task_id")),
    *((HistoryFormat.GITHUB_ACTIONS, (name,)) for name in (
        "run_attempt", "workflow_runs", "workflow_run", "workflow_job", "workflow_id", "workflowDatabaseId",
        "check_run_url", "run_id",
    )),
)  # fmt: skip
_MEMBER = re.compile(rb'"(\w+)"\s*:')
_XES = re.compile(rb"<(?:\w+:)?log[\s>]")
_RECORDING = re.compile(rb"(?:GET|POST|HEAD)\r?\n")
_NEXTFLOW_COLUMNS = {b"task_id", b"hash", b"name", b"status"}
_SEPARATORS = (b",", b";", b"\t", b"|")


def read_events(
    history_format: HistoryFormat, content: Content, options: ReadOptions, note: Note
) -> Iterable[ImportedEvent]:
    """Return the events of a content; the events of a task come in the order of their times. Raises BrokenFile."""
    return _READERS[history_format](content, options, note)


def find_format(content: Content) -> HistoryFormat:
    """Return the format that the content looks like; raise BrokenFile when it looks like none."""
    history_format = format_of(content.head)
    if history_format is None:
        raise BrokenFile(
            "", f"of no known format; name it: tasker import FORMAT FILE, one of {', '.join(HistoryFormat)}"
        )
    return history_format


def format_of(head: bytes) -> HistoryFormat | None:
    r"""Return the format of a file with these first bytes, None when they are of no known format.

    >>> str(format_of(b'{"resourceSpans": []}')), str(format_of(b"case,activity\n1,pay\n")), format_of(b"Hello")
    ('otlp', 'csv', None)
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        members = set(_MEMBER.findall(text))
        return next(
            (name for name, members_of_format in _MEMBERS if members >= {key.encode() for key in members_of_format}),
            None,
        )
    if text.startswith(b"<"):
        return HistoryFormat.XES if _XES.search(text) else None
    if _RECORDING.match(text):
        return HistoryFormat.GITHUB_ACTIONS
    first, _, following = text.partition(b"\n")
    if set(first.strip().split(b"\t")) >= _NEXTFLOW_COLUMNS:
        return HistoryFormat.NEXTFLOW
    return HistoryFormat.CSV if following and any(separator in first for separator in _SEPARATORS) else None
