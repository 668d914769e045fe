"""The table of answers: each answer that a trace backend can give, and how the exporter proceeds with the spans.

Spans count as taken only when the endpoint itself has answered, in the exporter's protocol, the POST that carried them.
`docs/telemetry.md` shows this table to users, and a test holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_WAIT_S = 300.0  # a backend that asks for more is asked again after that


class Then(StrEnum):
    """The step that follows an answer."""

    TAKEN = "taken"  # the spans are with the backend
    WAIT = "wait"  # nothing counts as taken; the request is sent again
    SPLIT = "split"  # halves are sent until the spans are found that the backend refuses
    FOLLOW = "follow"  # the same POST goes to the address that the answer names


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; `rejected` is the backend's own number, which may be a lie."""

    then: Then
    message: str = ""
    rejected: int = 0
    wait_s: float | None = None  # how long the backend asks to wait


def success(rejected: int = 0, message: str = "") -> Answer:
    """Return the answer of a backend that took the request, all but `rejected` spans of it."""
    return Answer(Then.TAKEN, message, rejected)


def wait(message: str, wait_s: float | None = None) -> Answer:
    """Return the answer of a backend that takes nothing now."""
    return Answer(Then.WAIT, message, wait_s=wait_s)


def split(message: str) -> Answer:
    """Return the answer of a backend that will never take this request as it is."""
    return Answer(Then.SPLIT, message)


@dataclass(frozen=True, slots=True)
class Row:
    """Answers that lead to the same, with the reason."""

    answers: tuple[str, ...]  # HTTP status codes, or the names of gRPC's
    then: Then
    reason: str


#: OTLP over HTTP and Zipkin. A 2xx answer is also looked into: see `http_bodies`.
HTTP_ROWS: tuple[Row, ...] = (
    Row(("200", "202", "204"), Then.TAKEN, "when the body is the protocol's own answer"),
    Row(("307", "308"), Then.FOLLOW, "these redirects repeat the POST; credentials stay with the first server"),
    Row(("301", "302", "303", "3xx"), Then.WAIT, "these redirects drop the POST: the endpoint has to be mended"),
    Row(("2xx",), Then.WAIT, "no answer of the protocol: the endpoint has to be mended"),
    Row(
        ("401", "402", "403", "404", "405", "406", "407", "410", "411", "414", "415", "421", "426", "431", "451"),
        Then.WAIT,
        "key, path or format are wrong for every span alike: the settings have to be mended",
    ),
    Row(("501", "505", "511"), Then.WAIT, "no trace backend answers there: the endpoint has to be mended"),
    Row(("408", "425", "429"), Then.WAIT, "the backend is busy, and may say for how long"),
    Row(("5xx",), Then.WAIT, "the backend or its storage is away"),
    Row(("4xx",), Then.SPLIT, "the backend refuses what is in the request, 400 and 413 above all"),
)

#: OTLP over gRPC, by the name of the status code.
GRPC_ROWS: tuple[Row, ...] = (
    Row(("OK",), Then.TAKEN, "with the partial success that it tells"),
    Row(
        ("UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED", "NOT_FOUND"),
        Then.WAIT,
        "key or service are wrong for every span alike: the settings have to be mended",
    ),
    Row(
        ("CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"),
        Then.WAIT,
        "OTLP calls these retryable",
    ),
    Row(("RESOURCE_EXHAUSTED",), Then.WAIT, "busy; a message that is too large for the server is split"),
    Row(("INTERNAL", "UNKNOWN"), Then.WAIT, "the backend or its storage is away"),
    Row(
        ("INVALID_ARGUMENT", "ALREADY_EXISTS", "FAILED_PRECONDITION"),
        Then.SPLIT,
        "the backend refuses what is in the request",
    ),
)


def _by_answer(rows: tuple[Row, ...]) -> dict[str, Row]:
    return {answer: row for row in rows for answer in row.answers}


_HTTP, _GRPC = _by_answer(HTTP_ROWS), _by_answer(GRPC_ROWS)
_UNHEARD_OF = Row(("other",), Then.WAIT, "an answer that HTTP does not know: the endpoint has to be mended")


def http_row(status: int) -> Row:
    """Return the row of an HTTP status.

    >>> http_row(413).then, http_row(303).then
    (<Then.SPLIT: 'split'>, <Then.WAIT: 'wait'>)
    """
    return _HTTP.get(str(status)) or _HTTP.get(f"{status // 100}xx") or _UNHEARD_OF


def grpc_row(code: str) -> Row:
    """Return the row of a gRPC status code.

    >>> grpc_row("UNAVAILABLE").then
    <Then.WAIT: 'wait'>
    """
    return _GRPC.get(code, _UNHEARD_OF)
