"""The table of answers: every answer has a row, and users read the same table in the documentation."""

from pathlib import Path

import grpc
import pytest

from tasker_consumers.telemetry.export.sending.answers import GRPC_ROWS, HTTP_ROWS, Row, Then, grpc_row, http_row

PAGE = Path("docs/telemetry.md").read_text()


@pytest.mark.parametrize("row", [*HTTP_ROWS, *GRPC_ROWS])
def test_the_documentation_shows_each_row_of_the_table(row: Row) -> None:
    assert f"| {', '.join(f'`{answer}`' for answer in row.answers)} | {row.then} | {row.reason} |" in PAGE


def test_no_answer_stands_in_two_rows() -> None:
    for rows in (HTTP_ROWS, GRPC_ROWS):
        answers = [answer for row in rows for answer in row.answers]
        assert len(answers) == len(set(answers))


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_every_code_of_grpc_has_a_row_of_its_own(code: grpc.StatusCode) -> None:
    assert code.name in grpc_row(code.name).answers


@pytest.mark.parametrize("status", [*range(100, 200), *range(600, 1000)])
def test_a_status_that_http_does_not_know_makes_the_exporter_wait(status: int) -> None:
    assert http_row(status).then is Then.WAIT
