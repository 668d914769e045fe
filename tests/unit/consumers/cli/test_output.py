"""Tables, documents and complaints."""

from unittest.mock import patch

import pytest

from tasker_consumers.cli.output import OutputForm, choose_form, printable, show_json, show_table


@pytest.fixture(autouse=True)
def _form_afterwards() -> "object":
    yield
    choose_form(OutputForm.TABLE)


def test_a_cell_with_line_breaks_and_control_characters_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("task", "error"), [("42", "a\nb\x1b[31m")])
    assert capsys.readouterr().out == "task\terror\n42\ta b␛[31m\n"
    assert printable("\x9b") == "␡"


@pytest.mark.parametrize(
    ("form", "line"), [(OutputForm.TABLE, "task-1  ok"), (OutputForm.WIDE, "task-1  ok     a long error")]
)
def test_a_narrow_terminal_leaves_columns_out_unless_the_form_is_wide(
    form: OutputForm, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    choose_form(form)
    with patch("sys.stdout.isatty", return_value=True), patch.dict("os.environ", COLUMNS="16"):
        show_table(("task", "state", "error"), [("task-1", "ok", "a long error")])
    assert capsys.readouterr().out.splitlines()[1] == line


def test_yaml_has_the_numbers_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    choose_form(OutputForm.YAML)
    show_json({"ratio": float("nan"), "total": 1})
    assert capsys.readouterr().out == "---\nratio: null\ntotal: 1\n"
